using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.SignUp;

public sealed class BadInputTests(RunningSystem running)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_invalid_body_is_400_with_every_fault()
    {
        HttpResponseMessage answer = await running.System.Gateway.PostAsJsonAsync("/users", new { name = "", email = "nonsense" }, Cancellation);

        JsonNode problem = (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.NotNull(problem["errors"]!["name"]);
        Assert.NotNull(problem["errors"]!["email"]);
    }

    [Fact]
    public async Task A_body_that_is_no_json_is_400()
    {
        using var body = new StringContent("{\"name\":", Encoding.UTF8, "application/json");

        HttpResponseMessage answer = await running.System.Gateway.PostAsync("/users", body, Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_duplicate_email_is_409()
    {
        await running.System.SignUpAsync("First", "twice@example.org", Cancellation);

        HttpResponseMessage answer = await running.System.Gateway.PostAsJsonAsync("/users", new { name = "Second", email = "twice@example.org" }, Cancellation);

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
    }

    [Fact]
    public async Task A_body_too_large_is_413()
    {
        using var body = new ByteArrayContent(new byte[40_000_000]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/users") { Content = body };
        request.Headers.ExpectContinue = true;

        HttpResponseMessage answer = await running.System.Gateway.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task An_unknown_route_is_404_as_problem_details()
    {
        HttpResponseMessage answer = await running.System.Gateway.GetAsync("/nobody/has/this", Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Garbage_on_the_amqp_port_closes_that_connection_only()
    {
        Uri broker = new(running.System.Variables["AMQP_URL"]);
        using var socket = new TcpClient();
        await socket.ConnectAsync(broker.Host, broker.Port, Cancellation);
        await socket.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), Cancellation);

        byte[] answer = new byte[8];
        await socket.GetStream().ReadExactlyAsync(answer, Cancellation);
        Assert.Equal("AMQP\0\0\u0009\u0001"u8.ToArray(), answer);
        Assert.True(await IsClosedAsync(socket.GetStream()));

        await running.System.SignUpAsync("After garbage", "garbage@example.org", Cancellation);
        await running.System.MailToAsync("garbage@example.org", Cancellation);
    }

    [Fact]
    public async Task A_wrong_credential_is_refused_by_every_box()
    {
        using var stranger = new HttpClient(new SocketsHttpHandler());
        stranger.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
        Dictionary<string, string> env = new(running.System.Variables);

        HttpResponseMessage registry = await stranger.GetAsync(new Uri(env["CONSUL_HTTP_ADDR"] + "/v1/agent/services"), Cancellation);
        HttpResponseMessage configuration = await stranger.GetAsync(new Uri(env["CONFIG_SERVER_URL"] + "/notifications/default"), Cancellation);
        HttpResponseMessage management = await stranger.GetAsync(new Uri(env["RABBITMQ_MANAGEMENT_URL"] + "/api/overview"), Cancellation);

        Assert.Equal(HttpStatusCode.Forbidden, registry.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, configuration.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, management.StatusCode);
    }

    [Fact]
    public async Task Secrets_are_readable_by_their_owner_only_and_in_no_command_line()
    {
        string secrets = Path.Combine(running.System.State, "secrets.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secrets));

        string token = running.System.Variables["CONSUL_HTTP_TOKEN"];
        foreach (PartProcess process in (await running.System.StatusAsync(Cancellation)).Processes)
            Assert.DoesNotContain(token, await File.ReadAllTextAsync($"/proc/{process.Pid}/cmdline", Cancellation), StringComparison.Ordinal);
    }

    /// <summary>Our broker ends a connection in order, RabbitMQ by a reset.</summary>
    private static async Task<bool> IsClosedAsync(NetworkStream stream)
    {
        try
        {
            return await stream.ReadAsync(new byte[1], Cancellation) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
