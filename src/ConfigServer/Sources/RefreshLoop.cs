using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Quintet.ConfigServer.Sources;

/// <summary>
/// Opens the repository before the server listens, and then notices what others push or commit: the file system reports it at once, and
/// looking again now and then finds what it did not report.
/// </summary>
internal sealed partial class RefreshLoop(GitRepository repository, FirstStart firstStart, Labels labels, LoopSettings settings) : BackgroundService
{
    private readonly Channel<bool> signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly List<FileSystemWatcher> watchers = [];
    private FileStream? folderLock;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        folderLock = TakeFolder(settings.DataFolder);
        firstStart.Swap.RemoveUnfinished();
        firstStart.Commit.MakeIfMissing();
        Watch(); // before the first look: a commit between the two would otherwise wait for the next poll
        if (await labels.FindAsync(null, cancellationToken) is null)
            throw new RepositoryException(
                $"the Git repository {repository.Path} has no branch '{labels.DefaultLabel}': "
                + $"make it, or name another with {ConfigServerOptions.Section}:DefaultLabel");
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await SignalAsync(stoppingToken);
            try
            {
                await labels.RefreshAsync(stoppingToken);
                ConfigMeter.Refreshes.Add(1);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                Log.RefreshFailed(settings.Logger, fault);
            }
        }
    }

    public override void Dispose()
    {
        foreach (FileSystemWatcher watcher in watchers) watcher.Dispose();
        folderLock?.Dispose();
        base.Dispose();
    }

    private static FileStream TakeFolder(string folder)
    {
        try
        {
            // Configuration holds secrets sooner or later: a folder made here is for its owner alone.
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
            else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            // The operating system gives it back when the process ends, however it ends.
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new RepositoryException(
                $"{ConfigServerOptions.Section}:DataFolder {folder} cannot be used, or another configuration server uses it: {fault.Message}",
                fault);
        }
    }

    private async Task SignalAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource pause = new(settings.PollInterval, settings.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(pause.Token, cancellationToken);
        try
        {
            await signals.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing was reported: time to look all the same.
        }
    }

    private void Watch()
    {
        try
        {
            string folder;
            using (LibGit2Sharp.Repository opened = repository.Open()) folder = GitFolder.Of(opened);
            Watch(folder, recursive: false); // packed-refs and HEAD
            Watch(Path.Combine(folder, "refs"), recursive: true);
        }
        catch (Exception fault) when (Labels.IsOfRepository(fault) || fault is ArgumentException)
        {
            Log.WatchFailed(settings.Logger, repository.Path, settings.PollInterval, fault.Message); // such as no inotify instance left
        }
    }

    private void Watch(string folder, bool recursive)
    {
        FileSystemWatcher watcher = new(folder)
        {
            IncludeSubdirectories = recursive,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.DirectoryName,
        };
        watcher.Changed += (_, _) => signals.Writer.TryWrite(true);
        watcher.Created += (_, _) => signals.Writer.TryWrite(true);
        watcher.Renamed += (_, _) => signals.Writer.TryWrite(true);
        watcher.Deleted += (_, _) => signals.Writer.TryWrite(true);
        watchers.Add(watcher);
        watcher.EnableRaisingEvents = true;
    }

    private static partial class Log
    {
        [LoggerMessage(3010, LogLevel.Error, "Looking for new commits failed; it is tried again")]
        public static partial void RefreshFailed(ILogger logger, Exception fault);

        [LoggerMessage(3011, LogLevel.Warning, "Changes of {Repository} are not reported by the file system and are noticed every {Interval} only: {Reason}")]
        public static partial void WatchFailed(ILogger logger, string repository, TimeSpan interval, string reason);
    }
}

/// <summary>What is put in order before the server listens.</summary>
internal sealed record FirstStart(FirstCommit Commit, BranchSwap Swap);

/// <summary>What the loop takes from the options and the host.</summary>
internal sealed record LoopSettings(string DataFolder, TimeSpan PollInterval, TimeProvider Time, ILogger<RefreshLoop> Logger);
