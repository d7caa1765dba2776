using System.Globalization;
using System.Runtime.Versioning;
using Quintet.Supervision;
using Quintet.Supervision.Instances;
using Quintet.Supervision.Processes;
using Quintet.Supervision.State;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;

// Signals, process groups and /proc: the tested platform.
[assembly: SupportedOSPlatform("linux")]

namespace Quintet.Quintet.Tests.Processes;

/// <summary>A supervised run in a folder of its own, with quick times, for instances that a test defines.</summary>
internal sealed class Workbench : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<Instance> _instances = [];

    public Workbench(SupervisionOptions? options = null)
    {
        State = new StateFolder(_folder["state"]);
        State.Create();
        Run = new SystemRun(State, options ?? Quick);
    }

    public static SupervisionOptions Quick { get; } = new()
    {
        BackoffFirst = TimeSpan.FromMilliseconds(10),
        BackoffMax = TimeSpan.FromMilliseconds(50),
        SteadyProbe = TimeSpan.FromMilliseconds(50),
        StopDeadline = TimeSpan.FromSeconds(1),
        Drain = TimeSpan.FromMilliseconds(10),
    };

    public StateFolder State { get; }

    public SystemRun Run { get; }

    public string this[string file] => _folder[file];

    /// <summary>A shell program through the exec step, as any foreign command. It is "ready" while something accepts on the port.</summary>
    public Instance Begin(string script, string id = "job-1", int? port = null)
    {
        int listen = port ?? FreePort.Take();
        Instance instance = new(Run, new InstancePlan("job", id)
        {
            Endpoint = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{listen}"),
            Start = () =>
            {
                (string program, IReadOnlyList<string> arguments) = OwnExecutable.Command(ExecStep.Word, "--", "/bin/sh", "-c", script);
                return new ChildStart(program, arguments, _folder.Path, new Dictionary<string, string?>
                {
                    ["QUINTET_RUN"] = Run.Id,
                    ["QUINTET_INSTANCE"] = id,
                    ["QUINTET_SUPERVISOR_PID"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
                    ["PORT"] = listen.ToString(CultureInfo.InvariantCulture),
                });
            },
            Probe = new HealthProbe(Run.Http, listen, null),
        });
        _instances.Add(instance);
        instance.Begin();
        return instance;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Instance instance in _instances)
        {
            instance.Kill();
            await instance.StopAsync(drain: false);
            instance.Dispose();
        }

        await Run.DisposeAsync();
        _folder.Dispose();
    }
}
