using LibGit2Sharp;
using System.Text.RegularExpressions;

namespace Quintet.ConfigServer.Sources;

/// <summary>What a label turned out to be. Only a branch moves as a matter of course.</summary>
internal enum LabelKind
{
    Branch,
    Tag,
    Commit,
}

/// <summary>A label and the commit it stands for now.</summary>
internal sealed record ResolvedLabel(LabelKind Kind, string Commit);

/// <summary>
/// The Git repository on disk. Every operation opens it anew: that is cheap, safe between threads, and never sees references or packs as
/// they were before somebody pushed.
/// </summary>
internal sealed partial class GitRepository(string path)
{
    public string Path { get; } = path;

    public Repository Open()
    {
        try
        {
            return new Repository(Path);
        }
        catch (LibGit2SharpException fault)
        {
            throw new RepositoryException($"the Git repository {Path} cannot be opened: {fault.Message}", fault);
        }
    }

    /// <summary>The branch, else the tag, else the commit of this name. Expressions such as <c>main~1</c> are names of nothing.</summary>
    public ResolvedLabel? Resolve(string label)
    {
        using Repository repository = Open();
        if (Commit(repository, BranchReference(label)) is { } branch) return new ResolvedLabel(LabelKind.Branch, branch.Sha);
        if (Commit(repository, $"refs/tags/{label}") is { } tag) return new ResolvedLabel(LabelKind.Tag, tag.Sha);
        if (!CommitName().IsMatch(label)) return null;
        try
        {
            return repository.Lookup<Commit>(label) is { } commit ? new ResolvedLabel(LabelKind.Commit, commit.Sha) : null;
        }
        catch (AmbiguousSpecificationException)
        {
            return null;
        }
    }

    public static string BranchReference(string label) => $"refs/heads/{label}";

    /// <summary>The commit that a reference leads to, through symbolic references and annotated tags.</summary>
    public static Commit? Commit(Repository repository, string reference) =>
        Reference.IsValidName(reference) && repository.Refs[reference]?.ResolveToDirectReference()?.Target is { } target
            ? target.Peel<Commit>()
            : null;

    [GeneratedRegex("^[0-9a-f]{7,40}$")]
    private static partial Regex CommitName();
}
