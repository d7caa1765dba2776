using System.Text;
using LibGit2Sharp;

namespace Quintet.ConfigServer.Tests.Server;

/// <summary>A bare Git repository as somebody else uses it: commits straight onto branches, as a push does.</summary>
internal sealed class ConfigRepository
{
    private static readonly Signature Author = new("Somebody", "somebody@example.org", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public ConfigRepository(string path)
    {
        Path = path;
        Repository.Init(path, isBare: true);
        using Repository made = new(path);
        made.Refs.Add("HEAD", "refs/heads/main", allowOverwrite: true);
    }

    public string Path { get; }

    /// <summary>Commits files (null deletes one) to a branch, which is made when missing, and gives the commit.</summary>
    public string Commit(string branch, params (string Path, string? Content)[] files) =>
        CommitBytes(branch, [.. files.Select(file => (file.Path, file.Content is null ? null : Encoding.UTF8.GetBytes(file.Content)))]);

    public string CommitBytes(string branch, params (string Path, byte[]? Content)[] files)
    {
        using Repository repository = new(Path);
        Commit? parent = repository.Refs[$"refs/heads/{branch}"]?.ResolveToDirectReference().Target.Peel<Commit>();
        TreeDefinition tree = parent is null ? new TreeDefinition() : TreeDefinition.From(parent);
        foreach ((string path, byte[]? content) in files)
        {
            if (content is null) tree.Remove(path);
            else tree.Add(path, repository.ObjectDatabase.CreateBlob(new MemoryStream(content)), Mode.NonExecutableFile);
        }

        Commit[] parents = parent is null ? [] : [parent];
        Commit commit = repository.ObjectDatabase.CreateCommit(
            Author, Author, "change", repository.ObjectDatabase.CreateTree(tree), parents, prettifyMessage: false);
        repository.Refs.Add($"refs/heads/{branch}", commit.Id, allowOverwrite: true);
        return commit.Sha;
    }

    public void Tag(string name, string commit)
    {
        using Repository repository = new(Path);
        repository.Refs.Add($"refs/tags/{name}", new ObjectId(commit));
    }

    public string Tip(string branch)
    {
        using Repository repository = new(Path);
        return repository.Refs[$"refs/heads/{branch}"].ResolveToDirectReference().TargetIdentifier;
    }

    /// <summary>The newest commit of a branch: who, what, and its parent.</summary>
    public (string Author, string Committer, string Message, string? Parent) Last(string branch)
    {
        using Repository repository = new(Path);
        Commit commit = repository.Lookup<Commit>(Tip(branch));
        return (commit.Author.ToString(), commit.Committer.ToString(), commit.Message, commit.Parents.FirstOrDefault()?.Sha);
    }
}
