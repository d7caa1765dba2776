using System.Net;
using System.Net.Sockets;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Broker.Tests.InProcess;

public sealed class FaultyOptionsAreNamed
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<QuintetBrokerOptions, string> Faults => new()
    {
        { new() { Port = 65536 }, "Port: 65536 is not a port" },
        { new() { ManagementPort = -1 }, "ManagementPort: -1 is not a port" },
        { new() { Port = 20001, ManagementPort = 20001 }, "ManagementPort: 20001 is Port already" },
        { new() { DataFolder = " " }, "DataFolder: it is empty" },
        { new() { Settings = { ["Broker:Limits:Channels"] = "many" } }, "Broker:Limits:Channels: 'many' is not a whole number" },
        { new() { Settings = { ["Broker:Limits:Chanels"] = "5" } }, "Broker:Limits:Chanels: unknown setting" },
        { new() { Settings = { ["Broker:Port"] = "5672" } }, "Settings: 'Broker:Port' is set by a property" },
        { new() { Settings = { ["Registry:Port"] = "8500" } }, "Settings: 'Registry:Port' is no setting of the broker" },
        { new() { Users = { new("ann", "a"), new("ann", "b") } }, "Users: 'ann' is there twice" },
        { new() { Users = { new("ann", "a") { Write = "(" } } }, "Users:0:Permissions:0:Write: '(' is not a regular expression" },
    };

    [Theory]
    [MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public async Task What_cannot_be_meant_is_said_by_name(QuintetBrokerOptions options, string expected)
    {
        ArgumentException fault = await Assert.ThrowsAsync<ArgumentException>(() => QuintetBroker.StartAsync(options, Stop));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_by_name()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int taken = ((IPEndPoint)other.LocalEndpoint).Port;

        IOException amqp = await Assert.ThrowsAsync<IOException>(() => QuintetBroker.StartAsync(new() { Port = taken }, Stop));
        IOException management = await Assert.ThrowsAsync<IOException>(() => QuintetBroker.StartAsync(new() { ManagementPort = taken }, Stop));

        Assert.StartsWith("Port: ", amqp.Message, StringComparison.Ordinal);
        Assert.StartsWith("ManagementPort: ", management.Message, StringComparison.Ordinal);
        Assert.Contains($":{taken}", management.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_another_broker_works_in_is_said_by_name()
    {
        using TempFolder folder = new();
        QuintetBrokerOptions options = new() { DataFolder = folder["data"] };
        await using QuintetBroker first = await QuintetBroker.StartAsync(options, Stop);

        IOException fault = await Assert.ThrowsAsync<IOException>(() => QuintetBroker.StartAsync(options, Stop));

        Assert.StartsWith("DataFolder: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(folder["data"], fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_a_file_is_said_by_name()
    {
        using TempFolder folder = new();
        await File.WriteAllTextAsync(folder["data"], "", Stop);

        IOException fault = await Assert.ThrowsAsync<IOException>(() => QuintetBroker.StartAsync(new() { DataFolder = folder["data"] }, Stop));

        Assert.StartsWith("DataFolder: ", fault.Message, StringComparison.Ordinal);
    }
}
