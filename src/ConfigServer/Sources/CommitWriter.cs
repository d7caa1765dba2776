using LibGit2Sharp;
using Microsoft.Win32.SafeHandles;

namespace Quintet.ConfigServer.Sources;

/// <summary>A change of one file that somebody wants.</summary>
/// <param name="Label">The branch.</param>
/// <param name="Path">The file in the repository.</param>
/// <param name="Content">What it shall hold.</param>
/// <param name="Expectation">What it must hold now.</param>
/// <param name="Note">Who changes it and why.</param>
internal sealed record FileChange(string Label, string Path, byte[] Content, BlobExpectation Expectation, CommitNote Note);

/// <summary>What a file must be for a change to be made.</summary>
/// <param name="MustExist">False: it must not exist.</param>
/// <param name="Blobs">One of these; empty means anything.</param>
internal sealed record BlobExpectation(bool MustExist, IReadOnlyList<string> Blobs)
{
    public bool IsMetBy(string? blob) => MustExist ? blob is not null && (Blobs.Count == 0 || Blobs.Contains(blob)) : blob is null;
}

/// <summary>What a commit says about itself.</summary>
/// <param name="AuthorName">Who thought of it, as the client says.</param>
/// <param name="AuthorEmail">The author's address.</param>
/// <param name="Committer">Whose token it was: this the client cannot choose.</param>
/// <param name="Message">Why.</param>
internal sealed record CommitNote(string AuthorName, string AuthorEmail, string Committer, string Message);

/// <summary>How a change ended.</summary>
internal enum ChangeOutcome
{
    Committed,

    /// <summary>The file holds just this already; no commit was made.</summary>
    Unchanged,

    /// <summary>The label is not a branch.</summary>
    NoBranch,

    /// <summary>The file is not what the client expected.</summary>
    NotAsExpected,

    /// <summary>A folder has this name, or a file stands where the path needs a folder.</summary>
    NotAFile,

    /// <summary>The branch is checked out in a work tree, which would then claim to undo the change.</summary>
    CheckedOut,
}

/// <summary>The outcome, with the commit and blob that hold now where there is any.</summary>
internal sealed record ChangeResult(ChangeOutcome Outcome, string? Commit = null, string? Blob = null, bool IsNew = false);

/// <summary>
/// Turns a change into a commit without a work tree or index: objects first, synced, then the branch moves if it is still where it was. A
/// process that dies in between leaves objects nobody refers to.
/// </summary>
internal sealed class CommitWriter(GitRepository repository, BranchSwap swap, TimeProvider time) : IDisposable
{
    private const int AttemptsMax = 10;

    // One change at a time from here: changes would only make each other try again.
    private readonly SemaphoreSlim turn = new(1);

    public async Task<ChangeResult> WriteAsync(FileChange change, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            // Somebody may push at the same moment; the change is then made on top of that push, if the file still is what was expected.
            for (int attempt = 0; attempt < AttemptsMax; attempt++)
                if (await TryWriteAsync(change, cancellationToken) is { } result) return result;
            throw new BranchBusyException($"the branch {change.Label} was moved by others {AttemptsMax} times in a row");
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The content of a file as the branch, tag or commit has it, and its blob; null when there is no such file.</summary>
    /// <exception cref="RepositoryException">The file is larger than this.</exception>
    public (byte[] Content, string Blob)? Read(string label, string path, int bytesMax)
    {
        if (repository.Resolve(label) is not { } resolved) return null;
        using Repository opened = repository.Open();
        if (opened.Lookup<Commit>(resolved.Commit)?[path] is not { TargetType: TreeEntryTargetType.Blob, Target: Blob blob }) return null;
        if (blob.Size > bytesMax) throw new RepositoryException($"{path} is larger than {bytesMax} bytes");
        using MemoryStream content = new();
        using (Stream stored = blob.GetContentStream()) stored.CopyTo(content);
        return (content.ToArray(), blob.Sha);
    }

    public void Dispose() => turn.Dispose();

    private async Task<ChangeResult?> TryWriteAsync(FileChange change, CancellationToken cancellationToken)
    {
        using Repository opened = repository.Open();
        string reference = GitRepository.BranchReference(change.Label);
        if (GitRepository.Commit(opened, reference) is not { } tip) return new ChangeResult(ChangeOutcome.NoBranch);
        if (!opened.Info.IsBare && opened.Refs.Head.TargetIdentifier == reference) return new ChangeResult(ChangeOutcome.CheckedOut);
        if (!IsPlaceForFile(tip, change.Path)) return new ChangeResult(ChangeOutcome.NotAFile);

        string? before = tip[change.Path]?.Target.Sha;
        if (!change.Expectation.IsMetBy(before)) return new ChangeResult(ChangeOutcome.NotAsExpected, tip.Sha, before);

        using MemoryStream content = new(change.Content);
        Blob blob = opened.ObjectDatabase.CreateBlob(content);
        if (blob.Sha == before) return new ChangeResult(ChangeOutcome.Unchanged, tip.Sha, before);

        Commit commit = Commit(opened, tip, blob, change);
        string folder = GitFolder.Of(opened);
        Sync(folder, commit, change.Path);
        bool isMoved = await swap.TryMoveAsync(Path.Combine(folder, reference), commit.Sha, () => IsAt(reference, tip.Sha), cancellationToken);
        if (isMoved) ConfigMeter.Commits.Add(1);
        return isMoved ? new ChangeResult(ChangeOutcome.Committed, commit.Sha, blob.Sha, before is null) : null;
    }

    private Commit Commit(Repository opened, Commit tip, Blob blob, FileChange change)
    {
        DateTimeOffset now = time.GetUtcNow();
        Signature author = new(new Identity(change.Note.AuthorName, change.Note.AuthorEmail), now);
        Signature committer = new(new Identity(change.Note.Committer, $"{change.Note.Committer}@quintet"), now);
        Mode mode = tip[change.Path]?.Mode ?? Mode.NonExecutableFile;
        Tree tree = opened.ObjectDatabase.CreateTree(TreeDefinition.From(tip).Add(change.Path, blob, mode));
        return opened.ObjectDatabase.CreateCommit(author, committer, change.Note.Message, tree, [tip], prettifyMessage: true);
    }

    private bool IsAt(string reference, string commit)
    {
        using Repository fresh = repository.Open();
        return GitRepository.Commit(fresh, reference)?.Sha == commit;
    }

    private static bool IsPlaceForFile(Commit tip, string path)
    {
        string[] segments = path.Split('/');
        for (int length = 1; length < segments.Length; length++)
            if (tip[string.Join('/', segments[..length])] is { TargetType: not TreeEntryTargetType.Tree }) return false;
        return tip[path] is null or { Mode: Mode.NonExecutableFile or Mode.ExecutableFile };
    }

    /// <summary>Git does not sync loose objects by itself; a branch must not move to a commit that a power failure then takes away.</summary>
    private static void Sync(string folder, Commit commit, string path)
    {
        string[] segments = path.Split('/');
        IEnumerable<string> objects = Enumerable.Range(1, segments.Length).Select(length => commit[string.Join('/', segments[..length])].Target.Sha);
        foreach (string name in objects.Append(commit.Tree.Sha).Append(commit.Sha))
        {
            string file = Path.Combine(folder, "objects", name[..2], name[2..]);
            if (!File.Exists(file)) continue; // it was there before, in a pack

            // Opened for reading, because Git makes objects read-only.
            using SafeFileHandle stored = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(stored);
        }
    }
}
