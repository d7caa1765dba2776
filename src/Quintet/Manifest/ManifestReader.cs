using System.Globalization;

namespace Quintet.Manifest;

/// <summary>Reads <c>quintet.yaml</c> and tells everything that is wrong with it at once, before anything starts.</summary>
internal sealed class ManifestReader
{
    /// <summary>A manifest is a page; a file of a different kind is refused before it is read.</summary>
    private const long BytesMax = 1 << 20;

    private readonly ManifestFaults _faults;
    private readonly YamlValues _values;
    private readonly string _file;
    private readonly string _folder;

    private ManifestReader(string file)
    {
        _file = file;
        _folder = Path.GetDirectoryName(file)!;
        _faults = new ManifestFaults(Path.GetFileName(file));
        _values = new YamlValues(_faults);
    }

    /// <exception cref="ManifestException">Anything is wrong; the exception has every fault with its line.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static SystemManifest Read(string file)
    {
        file = Path.GetFullPath(file);
        if (!File.Exists(file)) throw new FileNotFoundException($"there is no manifest '{file}'; name one with --file", file);
        if (new FileInfo(file).Length > BytesMax)
            throw new ManifestException([$"{Path.GetFileName(file)}:1: larger than {BytesMax} bytes; this is no manifest"]);
        return new ManifestReader(file).ReadText(File.ReadAllText(file));
    }

    private SystemManifest ReadText(string text)
    {
        YamlNode? root = YamlTree.Read(text, _faults);
        SystemManifest manifest = new(_file, Path.GetFileName(_folder));
        if (root is not null && _values.Map(root, "the manifest") is { } map) manifest = ReadRoot(map, manifest);
        if (_faults.Any) throw new ManifestException(_faults.Lines);
        return manifest;
    }

    private SystemManifest ReadRoot(YamlMap root, SystemManifest manifest)
    {
        bool hasServices = false;
        foreach ((YamlScalar key, YamlNode value) in _values.Entries(root, "", ManifestKeys.Root))
        {
            switch (key.Text)
            {
                case "system":
                    manifest = manifest with { System = _values.Name(value, "system") ?? manifest.System };
                    break;
                case "services":
                    hasServices = true;
                    manifest = manifest with { Services = ReadServices(value) };
                    break;
                case "engines":
                    manifest = manifest with { Engines = ReadEngines(value) };
                    break;
                case "ports":
                    manifest = manifest with { Ports = ReadPorts(value) };
                    break;
                case "history":
                    manifest = manifest with { History = ReadHistory(value) };
                    break;
                case "console":
                    manifest = manifest with { HasConsole = ReadConsole(value) };
                    break;
            }
        }

        if (manifest.Engines is { Management: not null, Broker: null })
            _faults.Add(root.Line, "engines.management: is that of engines.broker, and the broker is embedded; its port is ports.management");
        if (manifest.Engines.Database is not null) CheckDatabaseNames(root, manifest);
        if (!hasServices) _faults.Add(root.Line, "'services' is missing");
        return manifest;
    }

    // PostgreSQL cuts longer names off, and two services could then share one database.
    private void CheckDatabaseNames(YamlMap root, SystemManifest manifest)
    {
        foreach (string name in manifest.Services.Select(service => ManifestKeys.DatabaseName(manifest.System, service.Name)))
        {
            if (name.Length <= ManifestKeys.DatabaseNameMax) continue;
            _faults.Add(root.Line, $"engines.database: '{name}' is longer than the {ManifestKeys.DatabaseNameMax} characters that PostgreSQL allows; "
                + "shorten 'system' or the service's name");
        }
    }

    private List<ServiceManifest> ReadServices(YamlNode node)
    {
        ServiceReader reader = new(_folder, _values, _faults);
        List<ServiceManifest> services = [];
        if (_values.Map(node, "services") is not { } map) return services;
        foreach ((YamlScalar key, YamlNode value) in _values.Entries(map, "services", null))
        {
            if (!ManifestKeys.NamePattern.IsMatch(key.Text))
                _faults.Add(key.Line,
                    $"services.{key.Text}: a name has small letters, digits and '-', begins with a letter and has at most 40 characters");
            else if (ManifestKeys.Reserved.Contains(key.Text))
                _faults.Add(key.Line, $"services.{key.Text}: this name belongs to a part of Quintet; choose another");
            if (reader.Read(key, value) is { } service) services.Add(service);
        }

        reader.CheckTogether(services);
        return services;
    }

    private EnginesManifest ReadEngines(YamlNode node)
    {
        EnginesManifest engines = new();
        if (_values.Map(node, "engines") is not { } map) return engines;
        foreach ((YamlScalar key, YamlNode value) in _values.Entries(map, "engines", ManifestKeys.Engines))
        {
            switch (key.Text)
            {
                case "broker":
                    engines = engines with { Broker = ReadEngine(value, "broker", ["amqp", "amqps"], "amqp://rabbit.example:5672") };
                    break;
                case "management":
                    engines = engines with { Management = ReadEngine(value, "management", ["http", "https"], "http://rabbit.example:15672") };
                    break;
                case "registry":
                    engines = engines with { Registry = ReadEngine(value, "registry", ["http", "https"], "http://127.0.0.1:8500") };
                    break;
                case "configuration":
                    engines = engines with { Configuration = ReadEngine(value, "configuration", ["http", "https"], "http://127.0.0.1:8888") };
                    break;
                case "database":
                    engines = engines with { Database = ReadDatabase(value) };
                    break;
            }
        }

        return engines;
    }

    private Uri? ReadDatabase(YamlNode node)
    {
        Uri? url = ReadEngine(node, "database", ["postgres", "postgresql"], "postgres://127.0.0.1:5432", "sqlite");
        if (url is null || (url.PathAndQuery is "" or "/" && url.Fragment.Length == 0)) return url;
        _faults.Add(node.Line, "engines.database: a server without a path; each service has its own database there, <system>_<service>");
        return null;
    }

    private Uri? ReadEngine(YamlNode node, string key, string[] schemes, string example, string ours = "embedded")
    {
        if (_values.Text(node, $"engines.{key}") is not { } text || text == ours) return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || !schemes.Contains(url.Scheme) || url.Host.Length == 0)
            _faults.Add(node.Line, $"engines.{key}: '{text}' is neither '{ours}' nor a URL such as {example}");
        else if (url.UserInfo.Length > 0)
            _faults.Add(node.Line,
                $"engines.{key}: credentials do not belong here; give them in the environment of 'quintet up' (docs/command.md, Engines)");
        else
            return url;
        return null;
    }

    private HistoryManifest ReadHistory(YamlNode node)
    {
        HistoryManifest history = new();
        if (_values.Map(node, "history") is not { } map) return history;
        foreach ((YamlScalar key, YamlNode value) in _values.Entries(map, "history", ManifestKeys.History))
        {
            if (key.Text == "gigabytes")
                history = history with { Gigabytes = _values.Number(value, "history.gigabytes", 1, ManifestKeys.GigabytesMax) ?? history.Gigabytes };
            else if (_values.Text(value, "history.age") is { } age && ManifestKeys.AgePattern.IsMatch(age))
                history = history with { Age = age };
            else
                _faults.Add(value.Line, "history.age: a number and one of Y, M, D, h, m, s, such as 30D");
        }

        return history;
    }

    private bool ReadConsole(YamlNode node)
    {
        string? text = _values.Text(node, "console");
        if (text is not ("true" or "false")) _faults.Add(node.Line, "console: true, the default, or false");
        return text != "false";
    }

    private PortsManifest ReadPorts(YamlNode node)
    {
        PortsManifest ports = new();
        Dictionary<int, string> taken = [];
        if (_values.Map(node, "ports") is not { } map) return ports;
        foreach ((YamlScalar key, YamlNode value) in _values.Entries(map, "ports", ManifestKeys.Ports))
        {
            if (_values.Number(value, $"ports.{key.Text}", 1, 65535) is not { } port) continue;
            if (!taken.TryAdd(port, key.Text))
                _faults.Add(value.Line, string.Create(CultureInfo.InvariantCulture, $"ports.{key.Text}: {port} is the port of '{taken[port]}' already"));
            ports = key.Text switch
            {
                "gateway" => ports with { Gateway = port },
                "registry" => ports with { Registry = port },
                "broker" => ports with { Broker = port },
                "management" => ports with { Management = port },
                "console" => ports with { Console = port },
                "telemetry" => ports with { Telemetry = port },
                _ => ports with { Configuration = port },
            };
        }

        return ports;
    }
}
