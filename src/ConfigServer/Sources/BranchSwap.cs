using System.Text;

namespace Quintet.ConfigServer.Sources;

/// <summary>Another writer holds the branch, and kept it for too long.</summary>
internal sealed class BranchBusyException(string message) : Exception(message);

/// <summary>
/// Moves a branch from one commit to another, or not at all: Git's own protocol for loose references (gitrepository-layout(5)), which every
/// Git program honours.
/// <list type="number">
/// <item>note in <c>unfinished-swap</c> which lock is about to be taken and what will be written into it;</item>
/// <item>create <c>refs/heads/x.lock</c>, which fails while anyone else holds it;</item>
/// <item>compare the branch with what it is expected to be;</item>
/// <item>write the new commit into the lock, sync it, rename it over the reference;</item>
/// <item>remove the note.</item>
/// </list>
/// LibGit2Sharp cannot do this: its update reads the reference again just before writing it, and so overwrites a push that came in between.
/// </summary>
/// <param name="dataFolder">Where the note is kept.</param>
/// <param name="time">Paces waiting for a lock.</param>
internal sealed class BranchSwap(string dataFolder, TimeProvider time)
{
    // git itself waits 100 ms for a reference (core.filesRefLockTimeout) and then gives up; a hook of somebody's push may take longer.
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(10);

    private string Note => Path.Combine(dataFolder, "unfinished-swap");

    /// <summary>Removes the lock that a process left behind when it died between two steps. A lock of anyone else is left alone.</summary>
    public void RemoveUnfinished()
    {
        if (!File.Exists(Note)) return;
        string[] lines = File.ReadAllLines(Note);
        // A note cut short means that the lock was not taken yet.
        if (lines is [var path, { Length: 40 } commit]
            && File.Exists(path)
            && (commit + "\n").StartsWith(File.ReadAllText(path), StringComparison.Ordinal))
            File.Delete(path);
        File.Delete(Note);
    }

    /// <param name="reference">The file of the reference: <c>…/refs/heads/main</c>.</param>
    /// <param name="next">The commit to move to.</param>
    /// <param name="isStillExpected">Reads the branch again, while nobody else can move it.</param>
    /// <param name="cancellationToken">Gives up waiting for the lock.</param>
    /// <returns>False when the branch is not what was expected; nothing has changed then.</returns>
    /// <exception cref="BranchBusyException">Another writer did not let go of the branch.</exception>
    public async Task<bool> TryMoveAsync(string reference, string next, Func<bool> isStillExpected, CancellationToken cancellationToken)
    {
        string lockPath = reference + ".lock";
        Directory.CreateDirectory(Path.GetDirectoryName(reference)!); // a packed branch may have no folder
        await File.WriteAllTextAsync(Note, $"{lockPath}\n{next}", cancellationToken);
        try
        {
            await using FileStream held = await TakeAsync(lockPath, cancellationToken);
            return Move(held, lockPath, reference, next, isStillExpected);
        }
        finally
        {
            File.Delete(Note);
        }
    }

    private static bool Move(FileStream held, string lockPath, string reference, string next, Func<bool> isStillExpected)
    {
        bool isMoved = false;
        try
        {
            if (!isStillExpected()) return false;
            held.Write(Encoding.ASCII.GetBytes(next + "\n"));
            held.Flush(flushToDisk: true);
            File.Move(lockPath, reference, overwrite: true);
            isMoved = true;
            return true;
        }
        finally
        {
            if (!isMoved) File.Delete(lockPath);
        }
    }

    private async Task<FileStream> TakeAsync(string lockPath, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(lockPath, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            }
            catch (IOException) when (File.Exists(lockPath))
            {
                if (time.GetElapsedTime(start) > LockPatience)
                    throw new BranchBusyException($"another writer holds {lockPath}; if no Git program is running, delete that file");
                await Task.Delay(LockPause, time, cancellationToken);
            }
        }
    }
}
