namespace Quintet.ConfigServer.Sources;

/// <summary>What is wrong with one file of a commit.</summary>
/// <param name="Path">The file in the repository.</param>
/// <param name="Line">Counted from 1; 0 when the whole file is meant.</param>
/// <param name="Message">Never quotes a value.</param>
internal sealed record FileFault(string Path, int Line, string Message)
{
    public override string ToString() => Line > 0 ? $"{Path} line {Line}: {Message}" : $"{Path}: {Message}";
}

/// <summary>Why the newest state of a label is not served.</summary>
/// <param name="Commit">The commit that cannot be read; null when not even that is known.</param>
/// <param name="Reasons">All of them, or the first ones of many.</param>
/// <param name="Since">When this server noticed.</param>
internal sealed record LabelFault(string? Commit, IReadOnlyList<string> Reasons, DateTimeOffset Since)
{
    public override string ToString() => Commit is null ? string.Join("; ", Reasons) : $"commit {Commit[..7]}: {string.Join("; ", Reasons)}";
}

/// <summary>What a label stands for at this moment.</summary>
/// <param name="Good">What is served: the newest commit that could be read. Null when there never was one.</param>
/// <param name="Fault">Null while the newest commit is the one that is served.</param>
/// <param name="IsGone">The branch was deleted; ask for the label again.</param>
internal sealed record LabelView(Snapshot? Good, LabelFault? Fault, bool IsGone = false);
