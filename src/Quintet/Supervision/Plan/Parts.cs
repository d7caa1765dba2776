using System.Globalization;
using Quintet.Manifest;
using Quintet.Supervision.Builds;
using Quintet.Supervision.Instances;
using Quintet.Supervision.Processes;

namespace Quintet.Supervision.Plan;

/// <summary>Turns the manifest into what is started: the boxes that are embedded, and the instances of each service.</summary>
internal sealed class Parts(SystemRun system, AppliedManifest manifest, Endpoints endpoints, ServiceEnvironment environment)
{
    /// <summary>The one box that nothing waits for.</summary>
    public const string Console = "console";

    public AppliedManifest Manifest => manifest;

    /// <summary>The control API, known once it listens, for the console.</summary>
    public Uri? Control { get; set; }

    private EnginesManifest Engines => manifest.Current.Engines;

    /// <summary>The embedded boxes in the order in which <c>status</c> shows them; they all start at once.</summary>
    public IEnumerable<InstancePlan> Boxes()
    {
        yield return Box("gateway", Endpoints.Text(endpoints.Gateway), endpoints.Ports.Gateway);
        if (Engines.Registry is null) yield return Box("registry", Endpoints.Text(endpoints.Registry), endpoints.Ports.Registry);
        if (Engines.Broker is null) yield return Box("broker", Endpoints.Text(endpoints.Broker), endpoints.Ports.Management);
        if (Engines.Configuration is null) yield return Box("config", Endpoints.Text(endpoints.Configuration), endpoints.Ports.Configuration);
        if (endpoints.Console is { } console) yield return Box(Console, Endpoints.Text(console), endpoints.Ports.Console);
    }

    /// <summary>What stands behind a part, for people: <c>embedded</c>, or what the user pointed at.</summary>
    public string EngineOf(string part) => part switch
    {
        "gateway" => "quintet gateway",
        "registry" => "quintet registry",
        "broker" => "quintet broker",
        "config" => "quintet config, local Git",
        Console => "quintet console",
        "supervisor" => "quintet up",
        _ => KindOf(part) + (endpoints.Database is not null ? ", PostgreSQL" : HasSqlite(part) ? ", SQLite" : ""),
    };

    private string KindOf(string service) =>
        manifest.Current.Services.FirstOrDefault(s => s.Name == service) is { Project: not null } ? ".NET service" : "command";

    /// <summary>Whether it keeps a database is its own affair; the file tells.</summary>
    private bool HasSqlite(string service) =>
        Directory.Exists(system.State.Data(service)) && Directory.EnumerateFiles(system.State.Data(service), "*.db").Any();

    /// <summary>One instance of a service on a port of its own.</summary>
    public InstancePlan Service(ServiceManifest service, string instance, int port, RegistryView view, AppBuild? build) => new(service.Name, instance)
    {
        Endpoint = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"),
        Start = () => StartOf(service, instance, port, build),
        // What runs on the chassis has this path; another program says which it has, or accepts connections.
        Probe = new HealthProbe(system.Http, port,
            service.Health ?? (service is { Project: not null, RegisteredBy: RegisteredBy.Self } ? "/health/ready" : null)),
        Entry = new RegistryEntry(view, service, instance, port),
        Build = build?.Number ?? 0,
    };

    private InstancePlan Box(string box, string endpoint, int healthPort) => new(box, box)
    {
        Endpoint = endpoint,
        Start = () =>
        {
            (string program, IReadOnlyList<string> arguments) = OwnExecutable.Command(box, "--settings", system.State.Settings(box));
            return new ChildStart(program, arguments, system.State.Path, box == Console ? environment.OfConsole(Control) : environment.OfBox(box));
        },
        Probe = new HealthProbe(system.Http, healthPort, "/health/ready"),
    };

    private ChildStart StartOf(ServiceManifest service, string instance, int port, AppBuild? build)
    {
        Dictionary<string, string?> variables = environment.OfService(service, instance, port, build?.Number ?? 0);
        Directory.CreateDirectory(system.State.Data(service.Name));
        string[] words = build is null ? [.. service.Command!] : ProgramOf(build);
        // Whoever registers itself runs on the chassis, which ties itself to the supervisor; for others the exec step does.
        if (service is { Project: not null, RegisteredBy: RegisteredBy.Self }) return new ChildStart(words[0], words[1..], build!.Folder, variables);
        (string program, IReadOnlyList<string> arguments) = OwnExecutable.Command([ExecStep.Word, "--", .. words]);
        return new ChildStart(program, arguments, build?.Folder ?? service.Directory, variables);
    }

    private static string[] ProgramOf(AppBuild build)
    {
        string launcher = Path.Combine(build.Folder, OperatingSystem.IsWindows() ? $"{build.Assembly}.exe" : build.Assembly);
        return File.Exists(launcher) ? [launcher] : [OwnExecutable.Dotnet, Path.Combine(build.Folder, $"{build.Assembly}.dll")];
    }
}
