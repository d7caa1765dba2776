namespace Quintet.Manifest;

/// <summary>Reads the entries below <c>services:</c>.</summary>
internal sealed class ServiceReader(string folder, YamlValues values, ManifestFaults faults)
{
    private readonly List<(string Service, YamlScalar Route)> _routes = [];
    private readonly List<(string Service, YamlScalar Name)> _calls = [];

    public ServiceManifest? Read(YamlScalar name, YamlNode node)
    {
        string path = $"services.{name.Text}";
        if (values.Map(node, path) is not { } map) return null;
        ServiceManifest service = new(name.Text, name.Line) { Directory = folder };
        RegisteredBy? registers = null;
        foreach ((YamlScalar key, YamlNode value) in values.Entries(map, path, ManifestKeys.Service))
        {
            string full = $"{path}.{key.Text}";
            service = key.Text switch
            {
                "project" => service with { Project = ReadProject(value, full) },
                "command" => service with { Command = ReadCommand(value, full) },
                "directory" => service with { Directory = ReadDirectory(value, full) ?? folder },
                "replicas" => service with { Replicas = values.Number(value, full, 0, ManifestKeys.ReplicasMax) ?? 1 },
                "routes" => service with { Routes = ReadRoutes(service.Name, value, full) },
                "publishes" => service with { Publishes = ReadEvents(value, full) },
                "subscribes" => service with { Subscribes = ReadEvents(value, full) },
                "calls" => service with { Calls = ReadCalls(service.Name, value, full) },
                "health" => service with { Health = ReadHealth(value, full) },
                "environment" => service with { Environment = ReadEnvironment(value, full) },
                _ => service,
            };
            if (key.Text == "registers") registers = ReadRegisters(value, full);
        }

        bool hasProject = map.Entries.Any(e => e.Key.Text == "project");
        bool hasCommand = map.Entries.Any(e => e.Key.Text == "command");
        if (hasProject && hasCommand) faults.Add(name.Line, $"{path}: has both 'project' and 'command'; give one");
        if (!hasProject && !hasCommand) faults.Add(name.Line, $"{path}: needs 'project' (a .NET project) or 'command' (any program)");
        return service with { RegisteredBy = registers ?? (hasProject ? RegisteredBy.Self : RegisteredBy.Supervisor) };
    }

    /// <summary>What can be judged only when every service has been read: duplicate routes, calls to nobody.</summary>
    public void CheckTogether(IReadOnlyList<ServiceManifest> services)
    {
        Dictionary<string, (string Service, YamlScalar Route)> byShape = [];
        foreach ((string service, YamlScalar route) in _routes)
        {
            if (byShape.TryAdd(RouteTemplate.ShapeOf(route.Text), (service, route))) continue;
            (string other, YamlScalar first) = byShape[RouteTemplate.ShapeOf(route.Text)];
            faults.Add(route.Line, $"services.{service}.routes: '{route.Text}' is a route of '{other}' already, in line {first.Line}");
        }

        string[] names = [.. services.Select(s => s.Name)];
        foreach ((string service, YamlScalar name) in _calls)
        {
            if (name.Text == service) faults.Add(name.Line, $"services.{service}.calls: a service need not name itself");
            else if (!names.Contains(name.Text))
                faults.Add(name.Line, $"services.{service}.calls: there is no service '{name.Text}'{Suggestion.For(name.Text, names)}");
        }
    }

    private string? ReadProject(YamlNode node, string path)
    {
        if (values.Text(node, path) is not { } text) return null;
        string full = Path.GetFullPath(text, folder);
        if (File.Exists(full) && Path.GetExtension(full) is ".csproj" or ".cs") return full;
        if (Directory.Exists(full))
        {
            string[] projects = Directory.GetFiles(full, "*.csproj");
            if (projects.Length == 1) return projects[0];
            string names = string.Join(", ", projects.Select(Path.GetFileName).Order(StringComparer.Ordinal));
            faults.Add(node.Line, projects.Length == 0
                ? $"{path}: the folder '{text}' has no .csproj"
                : $"{path}: the folder '{text}' has {projects.Length} projects; name one of {names}");
            return null;
        }

        faults.Add(node.Line, $"{path}: there is no project '{text}' (looked for '{full}')");
        return null;
    }

    private IReadOnlyList<string>? ReadCommand(YamlNode node, string path)
    {
        if (node is YamlList)
        {
            string[] words = [.. values.Texts(node, path).Select(word => word.Text)];
            if (words.Length == 0 || words[0].Length == 0) faults.Add(node.Line, $"{path}: there is no program to run");
            return words;
        }

        if (values.Text(node, path) is not { } text) return null;
        IReadOnlyList<string>? split = CommandWords.Split(text, out string fault);
        if (split is null) faults.Add(node.Line, $"{path}: {fault}");
        return split;
    }

    private string? ReadDirectory(YamlNode node, string path)
    {
        if (values.Text(node, path) is not { } text) return null;
        string full = Path.GetFullPath(text, folder);
        if (Directory.Exists(full)) return full;
        faults.Add(node.Line, $"{path}: there is no folder '{text}' (looked for '{full}')");
        return null;
    }

    private List<string> ReadRoutes(string service, YamlNode node, string path)
    {
        IReadOnlyList<YamlScalar> routes = values.Texts(node, path);
        if (routes.Count > ManifestKeys.RoutesMax)
            faults.Add(node.Line, $"{path}: {routes.Count} routes; at most {ManifestKeys.RoutesMax} reach the registry");
        foreach (YamlScalar route in routes)
        {
            if (RouteTemplate.FaultOf(route.Text) is { } fault) faults.Add(route.Line, $"{path}: '{route.Text}': {fault}");
            else _routes.Add((service, route));
        }

        return [.. routes.Select(r => r.Text)];
    }

    private List<string> ReadEvents(YamlNode node, string path)
    {
        IReadOnlyList<YamlScalar> events = values.Texts(node, path);
        foreach (YamlScalar name in events)
            if (!ManifestKeys.EventPattern.IsMatch(name.Text))
                faults.Add(name.Line, $"{path}: '{name.Text}' is no event; expected for example users.user-created");
        return [.. events.Select(e => e.Text).Distinct()];
    }

    private List<string> ReadCalls(string service, YamlNode node, string path)
    {
        IReadOnlyList<YamlScalar> calls = values.Texts(node, path);
        _calls.AddRange(calls.Select(name => (service, name)));
        return [.. calls.Select(c => c.Text).Distinct()];
    }

    private string? ReadHealth(YamlNode node, string path)
    {
        if (values.Text(node, path) is not { } text) return null;
        if (text.StartsWith('/') && !text.Any(char.IsWhiteSpace)) return text;
        faults.Add(node.Line, $"{path}: '{text}' is no path; expected for example /health");
        return null;
    }

    private RegisteredBy? ReadRegisters(YamlNode node, string path)
    {
        if (values.Text(node, path) is not { } text) return null;
        if (text == "self") return RegisteredBy.Self;
        if (text == "supervisor") return RegisteredBy.Supervisor;
        faults.Add(node.Line, $"{path}: '{text}' is neither 'self' nor 'supervisor'");
        return null;
    }

    private Dictionary<string, string> ReadEnvironment(YamlNode node, string path)
    {
        Dictionary<string, string> variables = [];
        if (values.Map(node, path) is not { } map) return variables;
        foreach ((YamlScalar key, YamlNode value) in values.Entries(map, path, null))
        {
            if (!ManifestKeys.VariablePattern.IsMatch(key.Text)) faults.Add(key.Line, $"{path}: '{key.Text}' cannot be the name of a variable");
            else if (ManifestKeys.IsReservedVariable(key.Text)) faults.Add(key.Line, $"{path}.{key.Text}: is set by the supervisor");
            else if (values.Text(value, $"{path}.{key.Text}") is { } text) variables[key.Text] = text;
        }

        return variables;
    }
}
