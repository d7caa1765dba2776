using System.Text;
using System.Text.Json.Nodes;
using Quintet.Browser.Systems;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Browser.Pages;

public sealed class ActionTests(WatchedSystem watched)
{
    private const string Dead = "notifications.users.user-created.dead";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_is_scaled_from_its_page()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        await ann.OpenAsync("/services/users", Cancellation);
        await ann.SaysAsync("users-1", Cancellation);

        await ScaleAsync(ann, "2");
        Assert.Equal(2, (await watched.System.ProcessesOfAsync("users", Cancellation)).Count(p => p.State == "ready"));
        await ann.SaysAsync("users-2", Cancellation);
        await ScaleAsync(ann, "1");
        await ann.OpenAsync("/audit?q=scale", Cancellation);

        await ann.SaysAsync("to 2 instances", Cancellation);
        await ann.SaysAsync("to 1 instance", Cancellation);
        Assert.Single(await watched.System.ProcessesOfAsync("users", Cancellation));
    }

    [Fact]
    public async Task A_part_is_restarted_from_its_page()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        int before = (await watched.System.ProcessesOfAsync("config", Cancellation)).Single().Pid;
        await ann.OpenAsync("/services/config", Cancellation);
        await ann.SaysAsync("ready", Cancellation);

        await ann.ClickAsync("Restart…", "dialog", Cancellation);
        await ann.ClickAsync("Restart", "dialog .done", Cancellation);
        await ann.CloseAsync(Cancellation);

        await watched.System.BecomeReadyAsync(Cancellation);
        Assert.NotEqual(before, (await watched.System.ProcessesOfAsync("config", Cancellation)).Single().Pid);
        await ann.OpenAsync("/audit?q=restart", Cancellation);
        await ann.SaysAsync("config", Cancellation);
    }

    [Fact]
    public async Task What_an_event_said_is_seen_masked_and_whole_by_an_operator_who_says_so()
    {
        await using Visitor bob = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await bob.OpenAsync("/stories?key=users/1", Cancellation);
        await bob.ClickAsync("what it said", ".payload pre", Cancellation);
        await bob.SaysAsync("\"type\": \"users.user-created\"", Cancellation);
        await bob.SaysAsync("Texts of its data are masked", Cancellation);
        Assert.False(bob.Has("Show them"));

        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        await ann.OpenAsync("/stories?key=users/1", Cancellation);
        await ann.ClickAsync("what it said", ".payload pre", Cancellation);
        await ann.ClickAsync("Show them", "dialog", Cancellation);
        await ann.ClickAsync("Show", "dialog .done", Cancellation);
        await ann.CloseAsync(Cancellation);
        await ann.SaysAsync("\"type\": \"users.user-created\"", Cancellation);
        Assert.False(ann.Has("are masked"));
        await ann.OpenAsync("/audit?q=payload", Cancellation);
        await ann.SaysAsync("show payload", Cancellation);
    }

    [Fact]
    public async Task A_dead_letter_is_mended_and_sent_back_and_its_mail_arrives()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        int user = (await watched.System.SignUpAsync("Ann", "ann.letter@example.org", Cancellation))!.Value;
        await watched.System.MailToAsync("ann.letter@example.org", Cancellation);
        string id = Guid.CreateVersion7().ToString();

        await PublishAsync(id, "no event at all");
        await ann.OpenAsync($"/messages/{Dead}", Cancellation);
        await ann.SaysAsync(id, Cancellation);
        await ann.SaysAsync("RejectedEventException", Cancellation);
        await ann.ClickAsync("Show bodies…", "dialog", Cancellation);
        await ann.ClickAsync("Show", "dialog .done", Cancellation);
        await ann.CloseAsync(Cancellation);
        await ann.ClickAsync(id, "details[open]", Cancellation);
        await ann.ClickAsync("Edit and send back…", "dialog textarea", Cancellation);
        ann.Write("dialog textarea", EventOf(id, user));
        await ann.ClickAsync("Send back", ".work", Cancellation);
        await ann.SaysAsync("1 message went to notifications.users.user-created.", Cancellation);

        await Eventually.TrueAsync(
            "the mail of the mended event", () => Task.FromResult(File.Exists(Path.Combine(watched.System.MailDirectory, $"{id}.eml"))), Cancellation);
        await ann.SaysAsync("No dead letters", Cancellation);
        await ann.OpenAsync($"/audit?q={id}", Cancellation);
        await ann.SaysAsync("edit and redrive", Cancellation);
    }

    [Fact]
    public async Task An_ended_session_closes_its_open_page()
    {
        await using Visitor bob = await Visitor.LogInAsync(watched, "viewer", Cancellation);
        await bob.OpenAsync("/services", Cancellation);
        string id = (string)JsonNode.Parse(await watched.System.MustRunAsync(["console", "sessions", "--output", "json"], Cancellation))![0]!["id"]!;
        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        await ann.OpenAsync("/sessions", Cancellation);
        await ann.SaysAsync(id, Cancellation);

        await ann.ClickAsync(id, "dialog", Cancellation);
        await ann.ClickAsync("End it", "dialog .done", Cancellation);

        await bob.SaysAsync("Your session has ended", Cancellation);
        await ann.CloseAsync(Cancellation);
        await ann.OpenAsync($"/audit?q={id}", Cancellation);
        await ann.SaysAsync("end session", Cancellation);
    }

    private static async Task ScaleAsync(Visitor visitor, string replicas)
    {
        await visitor.ClickAsync("Scale…", "#replicas", Cancellation);
        visitor.Write("#replicas", replicas);
        await visitor.ClickAsync("Scale", "dialog .done", Cancellation);
        await visitor.CloseAsync(Cancellation);
    }

    private static string EventOf(string id, int user) => new JsonObject
    {
        ["specversion"] = "1.0",
        ["id"] = id,
        ["source"] = "/users",
        ["type"] = "users.user-created",
        ["subject"] = $"users/{user}",
        ["time"] = "2026-11-29T03:00:00Z",
        ["datacontenttype"] = "application/json",
        ["data"] = new JsonObject { ["id"] = user },
    }.ToJsonString();

    private async Task PublishAsync(string id, string body)
    {
        ConnectionFactory factory = new() { Uri = new Uri(watched.System.Variables["AMQP_URL"]) };
        await using IConnection connection = await factory.CreateConnectionAsync(Cancellation);
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Cancellation);
        BasicProperties properties = new() { MessageId = id, Type = "users.user-created", ContentType = "application/cloudevents+json" };
        await channel.BasicPublishAsync("events", "users.user-created", mandatory: true, properties, Encoding.UTF8.GetBytes(body), Cancellation);
    }
}
