using Quintet.Console.Records;

namespace Quintet.Console.Parts;

/// <summary>A version that the configuration server was seen to serve, after another one.</summary>
/// <param name="At">When it was seen first; it may be older by the time between two questions.</param>
/// <param name="Commit">Its commit.</param>
internal sealed record SeenVersion(DateTimeOffset At, string Commit)
{
    /// <summary>As much of a commit as names it among those of one repository.</summary>
    private const int ShortLength = 10;

    public string Words => $"configuration: commit {Short(Commit)}";

    /// <summary>What the audit log says of a commit that was made here; by it <see cref="IsOf"/> knows it again.</summary>
    public static string Committed(string path, string commit) => $"{path} is committed as {Short(commit)}.";

    /// <summary>Whether it was committed through this console, by this action.</summary>
    public bool IsOf(AuditEntry entry) => entry.Action == "configure" && entry.Result.EndsWith($" {Short(Commit)}.", StringComparison.Ordinal);

    private static string Short(string commit) => commit.Length <= ShortLength ? commit : commit[..ShortLength];
}
