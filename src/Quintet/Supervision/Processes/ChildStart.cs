namespace Quintet.Supervision.Processes;

/// <summary>How one process is started.</summary>
/// <param name="Program">The executable.</param>
/// <param name="Arguments">Its arguments. Never a credential: they are for everybody to read.</param>
/// <param name="Directory">Where it runs.</param>
/// <param name="Variables">Added to, or with null removed from, the supervisor's own environment.</param>
internal sealed record ChildStart(
    string Program, IReadOnlyList<string> Arguments, string Directory, IReadOnlyDictionary<string, string?> Variables);
