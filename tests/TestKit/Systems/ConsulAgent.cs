using System.Globalization;
using System.Text.Json;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;

namespace Quintet.TestKit.Systems;

/// <summary>What one process of Consul is told.</summary>
internal sealed record ConsulAgentSettings(
    string Name, int RpcPort, Dictionary<string, object> Common, Dictionary<string, int> Ports, int ExpectedServers);

/// <summary>One process of a <see cref="ConsulCluster"/>, a server or an agent beside services.</summary>
internal sealed class ConsulAgent
{
    private readonly string program;
    private readonly string file;
    private readonly TempFolder folder;
    private ChildProcess? process;

    public ConsulAgent(string program, TempFolder folder, ConsulAgentSettings settings)
    {
        (this.program, this.folder) = (program, folder);
        RpcAddress = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{settings.RpcPort}");
        Dictionary<string, object> all = new(settings.Common);
        Dictionary<string, int> ports = new(settings.Ports);
        if (settings.ExpectedServers > 0)
        {
            all["bootstrap_expect"] = settings.ExpectedServers;
            ports["server"] = settings.RpcPort;
        }

        all["ports"] = ports;
        file = folder[$"{settings.Name}.json"];
        File.WriteAllText(file, JsonSerializer.Serialize(all));
    }

    /// <summary>Where the other servers reach a server, as <c>/v1/status/leader</c> names it.</summary>
    public string RpcAddress { get; }

    public string Output => process?.Output ?? "";

    public void Start() => process = ChildProcess.Start(program, ["agent", "-config-file", file], folder.Path);

    public void Pause() => process!.Pause();

    public void Resume() => process!.Resume();

    public async Task KillAsync()
    {
        if (process is not null) await process.DisposeAsync();
    }
}
