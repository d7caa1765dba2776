using System.Text;
using Quintet.Manifest;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Xunit;
using Credentials = Quintet.Supervision.Plan.Credentials;
using ChildProcess = Quintet.TestKit.Processes.ChildProcess;

namespace Quintet.Quintet.Tests.Systems;

/// <summary>A broker that was told, as <c>up</c> tells it, to keep every event.</summary>
public sealed class EventHistoryTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int _port = FreePort.Take();
    private readonly int _managementPort = FreePort.Take();
    private readonly Secrets _secrets;
    private readonly StateFolder _state;

    public EventHistoryTests()
    {
        _state = new StateFolder(_folder["state"]);
        _state.Create();
        _secrets = Secrets.Open(_state.Secrets);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_event_can_be_replayed_after_its_queue_has_forgotten_it()
    {
        await using (await StartAsync("history: { age: 7D, gigabytes: 1 }"))
        {
            await using IConnection users = await ConnectAsync("users");
            await using IChannel channel = await users.CreateChannelAsync(new CreateChannelOptions(true, true), Stop);
            foreach (string name in (string[])["ada", "grace"])
                await channel.BasicPublishAsync("events", "users.user-created", false, new BasicProperties(), Encoding.UTF8.GetBytes(name), Stop);
        }

        await using (await StartAsync("history: { age: 1h }"))
        {
            Assert.Equal(["ada", "grace"], await ReplayAsync(2));
            Assert.Equal(["ada", "grace"], await ReplayAsync(2));
        }
    }

    [Fact]
    public async Task No_service_reads_what_others_have_published()
    {
        await using ChildProcess broker = await StartAsync("history:");
        await using IConnection users = await ConnectAsync("users");
        await using IChannel channel = await users.CreateChannelAsync(cancellationToken: Stop);
        await channel.BasicQosAsync(0, 10, false, Stop);

        OperationInterruptedException refused = await Assert.ThrowsAnyAsync<OperationInterruptedException>(
            () => channel.BasicConsumeAsync(EventHistory.Queue, false, new AsyncEventingBasicConsumer(channel), Stop));

        Assert.Equal(403, refused.ShutdownReason!.ReplyCode);
    }

    private async Task<string[]> ReplayAsync(int count)
    {
        await using IConnection connection = await ConnectAsync(Secrets.Operator);
        await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: Stop);
        await channel.BasicQosAsync(0, 100, false, Stop);
        List<string> replayed = [];
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        AsyncEventingBasicConsumer consumer = new(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            replayed.Add(Encoding.UTF8.GetString(delivery.Body.Span));
            if (replayed.Count == count) all.TrySetResult();
            return Task.CompletedTask;
        };
        Dictionary<string, object?> first = new() { ["x-stream-offset"] = "first" };
        await channel.BasicConsumeAsync(EventHistory.Queue, false, "", false, false, first, consumer, Stop);
        await all.Task.WaitAsync(Eventually.Deadline, Stop);
        return [.. replayed];
    }

    private async Task<IConnection> ConnectAsync(string user)
    {
        ConnectionFactory factory = new() { Port = _port, UserName = user, Password = _secrets.Of("broker", user), AutomaticRecoveryEnabled = false };
        return await factory.CreateConnectionAsync([new AmqpTcpEndpoint("127.0.0.1", _port)], cancellationToken: Stop);
    }

    private async Task<ChildProcess> StartAsync(string history)
    {
        File.WriteAllText(
            _folder["quintet.yaml"],
            $$"""
            services:
              users:
                command: x
                publishes: [users.user-created]
            ports: { broker: {{_port}}, management: {{_managementPort}} }
            {{history}}
            """);
        SystemManifest manifest = ManifestReader.Read(_folder["quintet.yaml"]);
        Endpoints endpoints = Endpoints.Of(manifest, null);
        new BoxSettingsFiles(manifest, endpoints, _state, _secrets, new Credentials(manifest, endpoints, _secrets, new EngineAccounts(_state))).Write();
        ChildProcess broker = ChildProcess.Start(CommandLineProcess.Executable, ["broker", "--settings", _state.Settings("broker")], _folder.Path);
        await Eventually.TrueAsync("the broker is ready", IsReadyAsync, Stop, () => broker.Output);
        return broker;
    }

    private async Task<bool> IsReadyAsync()
    {
        using HttpClient http = new(new SocketsHttpHandler());
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri($"http://127.0.0.1:{_managementPort}/health/ready"), Stop);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
