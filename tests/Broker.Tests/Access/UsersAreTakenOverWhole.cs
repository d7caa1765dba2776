using System.Text.Json;
using Quintet.Broker.Access;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.Access;

public class UsersAreTakenOverWhole
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_changed_file_changes_who_may_enter()
    {
        using TempFolder folder = new();
        await WriteAsync(folder["broker.json"], Named("users", "first"));
        await using RunningBroker broker = await RunningBroker.StartAsync((RunningBroker.SettingsFile, folder["broker.json"]));
        Assert.True(await MayEnterAsync(broker, "users", "first"));

        await WriteAsync(folder["broker.json"], Named("users", "second"));

        await Eventually.TrueAsync("the new password is known", () => MayEnterAsync(broker, "users", "second"), Stop);
        Assert.False(await MayEnterAsync(broker, "users", "first"));
    }

    /// <summary>What an editor or a full disk may leave behind for a moment, or for good.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"Broker":{}}""")]
    [InlineData("""{"Broker":{"Users":[]}}""")]
    [InlineData("""{"Broker":{"Users":[{"Name":"users"}]}}""")]
    [InlineData("""{"Broker":{"Users":[{"Name":"users","Pass""")]
    [InlineData("""{"Broker":{"Limits":{"Channels":"many"},"Users":[{"Name":"guest","Password":"guest"}]}}""")]
    [InlineData("""{"Broker":{"Users":[{"Name":"guest","Password":"guest","Permissions":[{"Configure":"("}]}]}}""")]
    public async Task A_broken_file_neither_opens_the_broker_nor_shuts_anybody_out(string? text)
    {
        using TempFolder folder = new();
        string file = folder["broker.json"];
        await WriteAsync(file, Named("users", "secret"));
        await using RunningBroker broker = await RunningBroker.StartAsync((RunningBroker.SettingsFile, file));
        await using IConnection stays = await broker.ConnectAsync("users", "secret");

        if (text is null) File.Delete(file);
        else await WriteAsync(file, text);
        _ = Record.Exception(broker.Reload); // the file's watcher is told of the fault, and watches on

        Assert.Null(broker.Part<Users>().Login("guest", "guest"));
        Assert.True(await MayEnterAsync(broker, "users", "secret"));
        await using IChannel channel = await stays.ChannelAsync();
        await channel.QueueAsync("still-allowed");
    }

    private static string Named(string user, string password) => JsonSerializer.Serialize(new
    {
        Broker = new
        {
            Users = new[]
            {
                new { Name = user, Password = password, Permissions = new[] { new { Vhost = "/", Configure = ".*", Write = ".*", Read = ".*" } } },
            },
        },
    });

    private static async Task WriteAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file + ".new", text, Stop);
        File.Move(file + ".new", file, overwrite: true);
    }

    private static async Task<bool> MayEnterAsync(RunningBroker broker, string user, string password)
    {
        try
        {
            await using IConnection connection = await broker.ConnectAsync(user, password);
            return true;
        }
        catch (BrokerUnreachableException)
        {
            return false;
        }
    }
}
