namespace Quintet.ConfigServer.Access;

/// <summary>What the holder of a token may do.</summary>
/// <param name="Name">Who it is.</param>
/// <param name="Applications">Those it may read; empty together with <paramref name="HasAll"/>.</param>
/// <param name="HasAll">It may read every application.</param>
/// <param name="MayWrite">It may change files of what it may read.</param>
/// <param name="Known">Every application that any token names.</param>
internal sealed record Grant(string Name, IReadOnlySet<string> Applications, bool HasAll, bool MayWrite, IReadOnlySet<string> Known)
{
    /// <summary>The grant of everyone when there are no tokens.</summary>
    public static Grant Everything { get; } = new("anonymous", new HashSet<string>(), true, true, new HashSet<string>());

    public bool MayRead(IEnumerable<string> applications, IReadOnlyCollection<string> profiles) =>
        HasAll || applications.All(application => Applications.Contains(application) && profiles.All(profile => Owns($"{application}-{profile}")));

    /// <summary>
    /// Whether a file name without its ending belongs to one of the applications. <c>users-admin</c> is a profile of <c>users</c> or an
    /// application of its own; if any token names <c>users-admin</c> it is the latter, and a token for <c>users</c> must not read it as a profile.
    /// </summary>
    public bool Owns(string stem)
    {
        if (HasAll) return true;
        string? owner = Known.Where(known => stem == known || stem.StartsWith(known + "-", StringComparison.Ordinal)).MaxBy(known => known.Length);
        return owner is not null && Applications.Contains(owner);
    }
}
