using System.Collections.Concurrent;
using LibGit2Sharp;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Quintet.ConfigServer.Sources;

/// <summary>
/// The labels in memory. A request for one of them touches neither Git nor a file. A branch whose newest commit cannot be read keeps
/// standing for the last one that could.
/// </summary>
internal sealed partial class Labels(GitRepository repository, SnapshotSettings settings, TimeProvider time, ILogger<Labels> logger) : IDisposable
{
    private const int RecentMax = 4;

    private readonly ConcurrentDictionary<string, LabelFeed> feeds = new(StringComparer.Ordinal);

    // Guards everything that reads Git: the reader's cache, the recent snapshots, and which commit a feed has seen.
    private readonly SemaphoreSlim gate = new(1);
    private readonly SnapshotReader reader = new(settings);
    private readonly LinkedList<Snapshot> recent = new();

    /// <summary>Those in memory now.</summary>
    public IEnumerable<LabelFeed> InMemory => feeds.Values;

    public string DefaultLabel => settings.Options.DefaultLabel;

    /// <summary>The feed of a label; null when the repository has no such branch, tag or commit.</summary>
    /// <exception cref="RepositoryException">The repository cannot be read, and the label is not in memory.</exception>
    public async ValueTask<LabelFeed?> FindAsync(string? label, CancellationToken cancellationToken)
    {
        string name = label ?? DefaultLabel;
        if (!feeds.TryGetValue(name, out LabelFeed? feed))
        {
            await gate.WaitAsync(cancellationToken);
            try
            {
                if (!feeds.TryGetValue(name, out feed)) feed = Load(name);
            }
            finally
            {
                gate.Release();
            }
        }

        if (feed is not null) feed.UsedAt = time.GetTimestamp();
        return feed;
    }

    /// <summary>Looks at every label in memory again. Never throws for what is wrong with the repository: that becomes a fault of the label.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            foreach (LabelFeed feed in feeds.Values.Where(feed => feed.Kind != LabelKind.Commit)) Refresh(feed);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The snapshot of a commit, to compare with; null when it is unknown or cannot be read.</summary>
    public async ValueTask<Snapshot?> SnapshotOfAsync(string commit, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (recent.FirstOrDefault(snapshot => snapshot.Commit == commit) is { } known) return known;
            using Repository opened = repository.Open();
            if (opened.Lookup<Commit>(commit) is not { } found || reader.Read(found).Snapshot is not { } snapshot) return null;
            Remember(snapshot);
            return snapshot;
        }
        catch (Exception fault) when (IsOfRepository(fault))
        {
            return null;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>What is wrong with a file that is about to be written; null when nothing is.</summary>
    public FileFault? FaultOf(string path, byte[] content) => new SnapshotReader(settings).FaultOf(path, content);

    /// <summary>Whether an exception speaks of the repository's state on disk rather than of a mistake in this program.</summary>
    public static bool IsOfRepository(Exception fault) => fault is RepositoryException or LibGit2SharpException or IOException or UnauthorizedAccessException;

    public void Dispose() => gate.Dispose();

    private LabelFeed? Load(string name)
    {
        if (Resolve(name) is not { } resolved) return null;
        if (feeds.Count >= settings.Options.Limits.Labels) MakeRoom();
        LabelFeed feed = new(name, resolved.Kind);
        Show(feed, resolved);
        feeds[name] = feed;
        return feed;
    }

    private ResolvedLabel? Resolve(string name)
    {
        try
        {
            return repository.Resolve(name);
        }
        catch (Exception fault) when (IsOfRepository(fault))
        {
            throw new RepositoryException($"the Git repository {repository.Path} cannot be read: {fault.Message}", fault);
        }
    }

    private void MakeRoom()
    {
        LabelFeed? idle = feeds.Values.Where(feed => feed.Name != DefaultLabel && !feed.IsWatched).MinBy(feed => feed.UsedAt);
        if (idle is null) throw new RepositoryException($"all {settings.Options.Limits.Labels} labels that may be in memory are being watched");
        feeds.TryRemove(idle.Name, out _);
    }

    private void Refresh(LabelFeed feed)
    {
        try
        {
            ResolvedLabel? resolved = repository.Resolve(feed.Name);
            if (resolved is not null) Show(feed, resolved);
            else if (feed.Name == DefaultLabel) Report(feed, null, [$"the repository has no label '{feed.Name}'"]);
            else
            {
                feeds.TryRemove(feed.Name, out _);
                feed.Publish(new LabelView(null, null, IsGone: true));
            }
        }
        catch (Exception fault) when (IsOfRepository(fault))
        {
            Report(feed, null, [fault.Message]);
        }
    }

    private void Show(LabelFeed feed, ResolvedLabel resolved)
    {
        bool couldNotLook = feed.View.Fault is { Commit: null };
        if (feed.CommitSeen == resolved.Commit && !couldNotLook) return;

        using Repository opened = repository.Open();
        Commit commit = opened.Lookup<Commit>(resolved.Commit) ?? throw new RepositoryException($"commit {resolved.Commit} is missing");
        SnapshotReading reading = Read(commit);
        feed.CommitSeen = resolved.Commit;
        if (reading.Snapshot is not null)
        {
            if (feed.View.Fault is not null) Log.Healed(logger, feed.Name, resolved.Commit);
            feed.Publish(new LabelView(reading.Snapshot, null));
            return;
        }

        // Only a branch has a past of its own: a tag or a commit was asked for as just this state.
        Snapshot? good = feed.View.Good ?? (resolved.Kind == LabelKind.Branch ? LastGood(commit) : null);
        Report(feed, resolved.Commit, [.. reading.Faults.Select(fault => fault.ToString())], good);
    }

    private Snapshot? LastGood(Commit broken)
    {
        Commit? commit = broken.Parents.FirstOrDefault();
        for (int i = 0; i < settings.Options.Limits.History && commit is not null; i++, commit = commit.Parents.FirstOrDefault())
            if (Read(commit).Snapshot is { } good) return good;
        return null;
    }

    private SnapshotReading Read(Commit commit)
    {
        if (recent.FirstOrDefault(snapshot => snapshot.Commit == commit.Sha) is { } known) return new SnapshotReading(known, []);
        SnapshotReading reading = reader.Read(commit);
        if (reading.Snapshot is not null) Remember(reading.Snapshot);
        return reading;
    }

    private void Remember(Snapshot snapshot)
    {
        recent.AddFirst(snapshot);
        if (recent.Count > RecentMax) recent.RemoveLast();
    }

    private void Report(LabelFeed feed, string? commit, IReadOnlyList<string> reasons, Snapshot? good = null)
    {
        LabelFault? before = feed.View.Fault;
        if (before is not null && before.Commit == commit && before.Reasons.SequenceEqual(reasons)) return;
        LabelFault fault = new(commit, reasons, before?.Since ?? time.GetUtcNow());
        Log.Faulty(logger, feed.Name, fault.ToString());
        feed.Publish(new LabelView(good ?? feed.View.Good, fault));
    }

    private static partial class Log
    {
        [LoggerMessage(3001, LogLevel.Error, "Label {Label} is not served in its newest state: {Fault}")]
        public static partial void Faulty(ILogger logger, string label, string fault);

        [LoggerMessage(3002, LogLevel.Information, "Label {Label} is served in its newest state again, commit {Commit}")]
        public static partial void Healed(ILogger logger, string label, string commit);
    }
}
