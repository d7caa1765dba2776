using System.Net;
using Quintet.Gateway.Tests.Doubles;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Telemetry;

namespace Quintet.Gateway.Tests;

/// <summary>The stops that the gateway notes of the requests that a story may begin with.</summary>
public sealed class HopNotes
{
    private const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_may_change_something_or_fails_is_noted_and_what_only_reads_is_not()
    {
        await using OtlpSink sink = await OtlpSink.StartAsync(Cancellation);
        await using ConsulDouble consul = await ConsulDouble.StartAsync();
        await using Backend users = await Backend.StartAsync("users-1", context =>
        {
            context.Response.StatusCode = context.Request.Path == "/users/broken" ? 500 : 200;
            return Task.CompletedTask;
        });
        consul.Register("users-1", "users", users.Url, "/users/{**rest}");
        (string, string?)[] exporting = [.. sink.ExporterEnvironment.Select(variable => (variable.Key, variable.Value))];
        await using (RunningGateway gateway = await RunningGateway.StartAsync(consul.Url, exporting))
        {
            await AskAsync(gateway, HttpMethod.Get, "/users/1");
            await AskAsync(gateway, HttpMethod.Get, "/users/broken");
            await AskAsync(gateway, HttpMethod.Post, "/users/1");
        }

        await Eventually.TrueAsync("the last of them arrives", () => Task.FromResult(PlacesIn(sink).Contains(("POST /users/1", "200"))), Cancellation);
        Assert.Equal([("GET /users/broken", "500"), ("POST /users/1", "200")], PlacesIn(sink));
    }

    private static async Task AskAsync(RunningGateway gateway, HttpMethod method, string path)
    {
        using HttpRequestMessage request = new(method, path);
        request.Headers.Add("traceparent", $"00-{TraceId}-00f067aa0ba902b7-00");
        using HttpResponseMessage answer = await gateway.Http.SendAsync(request, Cancellation);
        Assert.NotEqual(HttpStatusCode.BadGateway, answer.StatusCode);
    }

    private static (string Place, string Outcome)[] PlacesIn(OtlpSink sink) =>
    [
        .. sink.Logs.Where(log => log.EventName == "quintet.hop" && log.Attributes["quintet.trace.id"] == TraceId)
            .Select(log => (log.Attributes["quintet.hop.place"], log.Attributes["quintet.hop.outcome"])),
    ];
}
