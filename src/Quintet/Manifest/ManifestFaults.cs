namespace Quintet.Manifest;

/// <summary>Everything that is wrong with a manifest, each with its line, in the order of the file.</summary>
internal sealed class ManifestFaults(string file)
{
    private readonly List<(int Line, string Text)> _faults = [];

    public bool Any => _faults.Count > 0;

    /// <summary><c>quintet.yaml:12: services.users.route: unknown key; did you mean 'routes'?</c></summary>
    public IReadOnlyList<string> Lines => [.. _faults.OrderBy(f => f.Line).Select(f => $"{file}:{f.Line}: {f.Text}").Distinct()];

    public void Add(int line, string text) => _faults.Add((Math.Max(line, 1), text));
}

/// <summary>The manifest cannot be used; <see cref="Faults"/> has every reason.</summary>
internal sealed class ManifestException(IReadOnlyList<string> faults) : Exception(string.Join('\n', faults))
{
    public IReadOnlyList<string> Faults => faults;
}
