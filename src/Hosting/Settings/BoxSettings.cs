namespace Quintet.Hosting.Settings;

/// <summary>
/// Where a box takes its settings from, lowest to highest: the defaults in its options type, <see cref="File"/>,
/// environment variables (<c>Registry__Port</c>), <see cref="Values"/>.
/// </summary>
/// <param name="File">A JSON file with the box's section and, usually, its credentials; null means none. Re-read when it changes.</param>
/// <param name="Values">Configuration keys (<c>Registry:Port</c>) and values, normally from the command line.</param>
public sealed record BoxSettings(string? File, IReadOnlyDictionary<string, string?> Values)
{
    /// <summary>Settings from the environment alone.</summary>
    public static BoxSettings Empty { get; } = new(null, new Dictionary<string, string?>());

    /// <summary>Settings from values alone, as tests and in-process hosts use them.</summary>
    public static BoxSettings From(params (string Key, string? Value)[] values) =>
        new(null, values.ToDictionary(pair => pair.Key, pair => pair.Value));
}
