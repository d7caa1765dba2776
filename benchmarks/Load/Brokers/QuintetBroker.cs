using System.Text.Json;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.Load.Brokers;

/// <summary>Ours: <c>quintet broker --settings …</c>, as a customer runs it.</summary>
internal sealed class QuintetBroker : BrokerUnderTest
{
    private readonly int _managementPort = FreePort.Take();

    public override string Name => "Quintet";

    protected override ChildProcess Launch()
    {
        string settings = Path.Combine(DataFolder, "settings.json");
        object broker = new { Port, ManagementPort = _managementPort, DataFolder = Path.Combine(DataFolder, "broker") };
        File.WriteAllText(settings, JsonSerializer.Serialize(new { Broker = broker }));
        return ChildProcess.Start(Repository.Command, ["broker", "--settings", settings], DataFolder);
    }
}
