using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;

namespace Quintet.Broker.Tests.People;

/// <summary>The management API in one line a call.</summary>
internal static class ManagementCalls
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Sends it and wants that status; the body's text.</summary>
    public static async Task<string> SendAsync(this HttpClient http, HttpStatusCode wanted, string method, string path, object? body = null)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), $"/api/{path}");
        if (body is not null) request.Content = body is string text ? new StringContent(text) : JsonContent.Create(body);
        using HttpResponseMessage answer = await http.SendAsync(request, Stop);
        string said = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(wanted == answer.StatusCode, $"{method} {path}: {(int)answer.StatusCode} {said}");
        return said;
    }

    public static async Task<JsonElement> JsonAsync(this HttpClient http, string path, HttpStatusCode wanted = HttpStatusCode.OK) =>
        JsonSerializer.Deserialize<JsonElement>(await http.SendAsync(wanted, "GET", path));

    /// <summary>The reason of a refusal.</summary>
    public static async Task<string> RefusedAsync(this HttpClient http, string method, string path, object? body = null, HttpStatusCode status =
        HttpStatusCode.BadRequest) =>
        JsonSerializer.Deserialize<JsonElement>(await http.SendAsync(status, method, path, body)).GetProperty("reason").ToString();

    public static async Task UserAsync(this HttpClient http, string name, string vhost, string tags = "")
    {
        await http.SendAsync(HttpStatusCode.Created, "PUT", $"users/{name}", new { password = "secret", tags });
        await http.SendAsync(HttpStatusCode.Created, "PUT", $"permissions/{vhost}/{name}", new { configure = ".*", write = ".*", read = ".*" });
    }

    /// <summary>What a connection is refused with; the client takes some refusals for an open connection that is closed at once.</summary>
    public static async Task<string> RefusedConnectionAsync(this ConnectionFactory factory)
    {
        try
        {
            await using IConnection connection = await factory.CreateConnectionAsync(Stop);
            return await Eventually.GetAsync("the connection is closed", () => Task.FromResult(connection.CloseReason?.ReplyText), Stop);
        }
        catch (BrokerUnreachableException refused)
        {
            return refused.ToString();
        }
    }
}
