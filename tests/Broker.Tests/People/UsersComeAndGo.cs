using System.Net;
using System.Text;
using System.Text.Json;
using Quintet.Broker.Access;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.People;

public class UsersComeAndGo
{
    /// <summary>From RabbitMQ's documentation of the format: the password test12.</summary>
    private const string Documented = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void The_documented_hash_is_that_of_the_documented_password()
    {
        PasswordHash hash = PasswordHash.Read(Documented, PasswordHash.Sha256)!;

        Assert.True(hash.Matches("test12"));
        Assert.False(hash.Matches("test13"));
        Assert.Equal(Documented, hash.Text);
    }

    [Fact]
    public void A_hash_of_SHA_512_is_taken_and_others_are_refused()
    {
        byte[] salt = [1, 2, 3, 4];
        byte[] octets = [.. salt, .. System.Security.Cryptography.SHA512.HashData([.. salt, .. "secret"u8])];

        Assert.True(PasswordHash.Read(Convert.ToBase64String(octets), PasswordHash.Sha512)!.Matches("secret"));
        Assert.Null(PasswordHash.Read("", null));
        Assert.Throws<ChangeRefusedException>(() => PasswordHash.Read(Documented, "rabbit_password_hashing_md5"));
        Assert.Throws<ChangeRefusedException>(() => PasswordHash.Read(Documented, PasswordHash.Sha512));
        Assert.Throws<ChangeRefusedException>(() => PasswordHash.Read("aGVsbG8=", null));
        Assert.Throws<ChangeRefusedException>(() => PasswordHash.Read("!!!", null));
    }

    [Fact]
    public async Task A_user_is_stored_without_the_password_and_logs_in_after_a_restart()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            using HttpClient http = broker.Management();
            await http.UserAsync("alice", "%2F", "administrator, custom");
            await http.SendAsync(HttpStatusCode.Created, "PUT", "users/bob", new { password_hash = Documented, tags = new[] { "management" } });
            JsonElement shown = await http.JsonAsync("users/alice");
            Assert.Equal(["administrator", "custom"], shown.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
            Assert.Equal("rabbit_password_hashing_sha256", shown.GetProperty("hashing_algorithm").GetString());
        }

        Assert.All(Directory.GetFiles(folder["data"]).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)), file =>
            Assert.False(File.ReadAllBytes(file).AsSpan().IndexOf("secret"u8) >= 0));
        await using RunningBroker again = await RunningBroker.StartOverAsync(folder["data"]);
        await using IConnection connection = await again.ConnectAsync("alice", "secret");
        using HttpClient bob = again.Management("bob", "test12");
        Assert.Equal("""{"name":"bob","tags":["management"]}""", await bob.SendAsync(HttpStatusCode.OK, "GET", "whoami"));
    }

    [Fact]
    public async Task Rights_that_change_count_for_who_is_connected()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await http.UserAsync("al", "%2F");
        await using IConnection connection = await broker.ConnectAsync("al", "secret");
        await using IChannel channel = await connection.ChannelAsync();
        await channel.QueueAsync("q1");

        await http.SendAsync(HttpStatusCode.NoContent, "PUT", "permissions/%2F/al", new { configure = "^none$", write = "", read = ".*" });

        OperationInterruptedException refused = await Assert.ThrowsAsync<OperationInterruptedException>(() => channel.QueueAsync("q2"));
        Assert.Equal("ACCESS_REFUSED - configure access to queue 'q2' in vhost '/' refused for user 'al'", refused.ShutdownReason!.ReplyText);
        await http.SendAsync(HttpStatusCode.NoContent, "DELETE", "permissions/%2F/al");
        Assert.Contains("NOT_ALLOWED - access to vhost '/' refused for user 'al'", await broker.Factory("al", "secret").RefusedConnectionAsync());
        await http.SendAsync(HttpStatusCode.NotFound, "GET", "permissions/%2F/al");
    }

    [Fact]
    public async Task Topic_rights_are_set_shown_and_taken_back()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await http.UserAsync("al", "%2F");
        await http.SendAsync(HttpStatusCode.Created, "PUT", "topic-permissions/%2F/al", new { exchange = "amq.topic", write = "^a", read = ".*" });
        await http.SendAsync(HttpStatusCode.NoContent, "PUT", "topic-permissions/%2F/al", new { exchange = "other", write = "^b", read = ".*" });

        await using IConnection connection = await broker.ConnectAsync("al", "secret");
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.BasicPublishAsync("amq.topic", "a.b", "x"u8.ToArray(), Stop);
        await Assert.ThrowsAnyAsync<Exception>(async () => await channel.BasicPublishAsync("amq.topic", "b", "x"u8.ToArray(), Stop));
        Assert.Equal(2, (await http.JsonAsync("topic-permissions/%2F/al")).GetArrayLength());
        Assert.Equal(2, (await http.JsonAsync("users/al/topic-permissions")).GetArrayLength());
        Assert.Equal(2, (await http.JsonAsync("vhosts/%2F/topic-permissions")).GetArrayLength());
        await http.SendAsync(HttpStatusCode.NoContent, "DELETE", "topic-permissions/%2F/al/other");
        Assert.Equal(1, (await http.JsonAsync("topic-permissions")).GetArrayLength());
        await http.SendAsync(HttpStatusCode.NoContent, "DELETE", "topic-permissions/%2F/al");
        await http.SendAsync(HttpStatusCode.NotFound, "DELETE", "topic-permissions/%2F/al");
    }

    [Fact]
    public async Task The_end_of_a_user_closes_the_users_connections()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await http.UserAsync("al", "%2F");
        await using IConnection connection = await broker.ConnectAsync("al", "secret");
        TaskCompletionSource<ShutdownEventArgs> closed = new();
        connection.ConnectionShutdownAsync += (_, reason) =>
        {
            closed.TrySetResult(reason);
            return Task.CompletedTask;
        };

        await http.SendAsync(HttpStatusCode.NoContent, "DELETE", "users/al");

        Assert.Equal("CONNECTION_FORCED - user 'al' is deleted", (await closed.Task.WaitAsync(Stop)).ReplyText);
        await http.SendAsync(HttpStatusCode.NotFound, "DELETE", "users/al");
        await http.SendAsync(HttpStatusCode.NotFound, "GET", "users/al");
    }

    [Fact]
    public async Task Guest_is_there_until_it_is_removed_or_the_settings_name_users()
    {
        using TempFolder folder = new();
        await using (RunningBroker broker = await RunningBroker.StartOverAsync(folder["data"]))
        {
            using HttpClient http = broker.Management();
            Assert.Contains("only user", await http.RefusedAsync("DELETE", "users/guest"));
            await http.UserAsync("alice", "%2F", "administrator");
            await http.SendAsync(HttpStatusCode.OK, "GET", "whoami");
        }

        await using (RunningBroker named = await RunningBroker.StartOverAsync(folder["data"],
            ("Broker:Users:0:Name", "boss"), ("Broker:Users:0:Password", "boss"), ("Broker:Users:0:Tags:0", "administrator")))
        {
            Assert.Null(named.Part<Users>().Login("guest", "guest"));
            Assert.NotNull(named.Part<Users>().Login("alice", "secret"));
        }

        await using (RunningBroker back = await RunningBroker.StartOverAsync(folder["data"]))
        {
            using HttpClient alice = back.Management("alice", "secret");
            await alice.SendAsync(HttpStatusCode.NoContent, "DELETE", "users/guest");
        }

        await using RunningBroker last = await RunningBroker.StartOverAsync(folder["data"]);
        Assert.Null(last.Part<Users>().Login("guest", "guest"));
    }

    [Fact]
    public async Task Users_of_the_settings_are_shown_and_not_changed()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(
            ("Broker:Users:0:Name", "boss"), ("Broker:Users:0:Password", "boss"), ("Broker:Users:0:Tags:0", "administrator"),
            ("Broker:Users:0:Permissions:0:Read", ".*"));
        using HttpClient http = broker.Management("boss", "boss");
        await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v");

        foreach ((string method, string path, object? body) in new (string, string, object?)[]
        {
            ("PUT", "users/boss", new { password = "x", tags = "" }), ("DELETE", "users/boss", null),
            ("PUT", "permissions/v/boss", new { configure = "", write = "", read = "" }), ("DELETE", "permissions/%2F/boss", null),
            ("PUT", "topic-permissions/v/boss", new { exchange = "x", write = "", read = "" }),
            ("PUT", "user-limits/boss/max-channels", new { value = 1 }), ("POST", "users/bulk-delete", new { users = new[] { "boss" } }),
        })
            Assert.Contains("settings of the broker (Broker:Users)", await http.RefusedAsync(method, path, body));
        Assert.True(PasswordHash.Read((await http.JsonAsync("users/boss")).GetProperty("password_hash").GetString()!, null)!.Matches("boss"));
    }

    [Fact]
    public async Task What_cannot_be_is_refused()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:Users", "2"));
        using HttpClient http = broker.Management();
        await http.SendAsync(HttpStatusCode.Created, "PUT", "users/al", new { tags = "" });

        Assert.Equal("tags_not_present", await http.RefusedAsync("PUT", "users/bob", new { password = "x" }));
        Assert.Equal("both_password_and_password_hash_are_provided",
            await http.RefusedAsync("PUT", "users/al", new { password = "x", password_hash = Documented,
            tags = "" }));
        Assert.Contains("password_hash", await http.RefusedAsync("PUT", "users/al", new { password_hash = "aGVsbG8=", tags = "" }));
        Assert.Contains("hashing_algorithm", await http.RefusedAsync("PUT", "users/al", new { password_hash = Documented, hashing_algorithm = "nope", tags =
            "" }));
        Assert.Contains("password is not a text", await http.RefusedAsync("PUT", "users/al", new { password = 5, tags = "" }));
        Assert.Contains("user limit of 2", await http.RefusedAsync("PUT", "users/bob", new { tags = "" }));
        Assert.Contains("255 octets", await http.RefusedAsync("PUT", $"users/{new string('u', 256)}", new { tags = "" }));
        Assert.Contains("invalid_regexp", await http.RefusedAsync("PUT", "permissions/%2F/al", new { configure = "(", write = "", read = "" }));
        Assert.Equal("[{key_missing,read}]", await http.RefusedAsync("PUT", "permissions/%2F/al", new { configure = "", write = "" }));
        Assert.Equal("vhost_or_user_not_found", await http.RefusedAsync("PUT", "permissions/none/al", new { configure = "", write = "", read = "" }));
        Assert.Equal("vhost_or_user_not_found", await http.RefusedAsync("PUT", "permissions/%2F/none", new { configure = "", write = "", read = "" }));
        Assert.Equal("[{key_missing,exchange}]", await http.RefusedAsync("PUT", "topic-permissions/%2F/al", new { write = "", read = "" }));
        Assert.Null(broker.Part<Users>().Login("al", ""));
    }

    [Fact]
    public async Task Only_administrators_see_and_change_users()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await http.SendAsync(HttpStatusCode.Created, "PUT", "vhosts/v");
        await http.UserAsync("tagless", "%2F");
        await http.UserAsync("managing", "%2F", "management");
        await http.UserAsync("watching", "%2F", "monitoring");
        using HttpClient tagless = broker.Management("tagless", "secret"), managing = broker.Management("managing", "secret"),
            watching = broker.Management("watching", "secret");

        Assert.Equal("Not management user", await tagless.RefusedAsync("GET", "whoami", null, HttpStatusCode.Unauthorized));
        Assert.Equal("Not monitor user", await managing.RefusedAsync("GET", "nodes", null, HttpStatusCode.Unauthorized));
        Assert.Equal(1, (await managing.JsonAsync("vhosts")).GetArrayLength());
        Assert.Equal(2, (await watching.JsonAsync("vhosts")).GetArrayLength());
        foreach (string path in (string[])["users", "users/guest", "permissions", "permissions/%2F/guest", "topic-permissions", "user-limits", "definitions",
            "definitions/v", "vhosts/%2F/permissions", "users/guest/permissions"])
            Assert.Equal("Not administrator user", await watching.RefusedAsync("GET", path, null, HttpStatusCode.Unauthorized));
        foreach (string path in (string[])["vhosts/x", "users/x", "permissions/%2F/x", "vhost-limits/v/max-queues"])
            Assert.Equal("Not administrator user", await watching.RefusedAsync("PUT", path, new { }, HttpStatusCode.Unauthorized));
        Assert.Equal("Not administrator user", await watching.RefusedAsync("POST", "definitions", new { }, HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task An_impersonator_may_publish_in_anothers_name()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await http.UserAsync("actor", "%2F", "impersonator");
        await using IConnection connection = await broker.ConnectAsync("actor", "secret");
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");

        await channel.BasicPublishAsync("", "q", false, new RabbitMQ.Client.BasicProperties { UserId = "somebody" }, Encoding.UTF8.GetBytes("x"), Stop);

        Assert.Equal("somebody", (await channel.BasicGetAsync("q", true, Stop))!.BasicProperties.UserId);
    }
}
