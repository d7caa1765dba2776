using System.Text.Json.Nodes;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Operating;

/// <summary>Traces at the command line, as the console keeps them.</summary>
public sealed class TracesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_is_found_and_told_span_by_span()
    {
        await using QuintetSystem system = await QuintetSystem.StartAsync(Cancellation, console: true);
        await system.SignUpAsync("Ann", "ann@example.org", Cancellation);
        await system.MailToAsync("ann@example.org", Cancellation);

        // Each part sends its spans in its own time.
        JsonNode trace = await Eventually.GetAsync(
            "the trace of the sign-up has come from all its parts",
            async () => JsonNode.Parse(await system.MustRunAsync(["traces", "--service", "users", "--name", "post", "--last", "1h", "--json"], Cancellation))!
                .AsArray().FirstOrDefault(found => found!["services"]!.AsArray().Count >= 3),
            Cancellation);

        string id = (string)trace["traceId"]!;
        string tree = await system.MustRunAsync(["traces", id], Cancellation);
        Assert.Contains($"trace {id}", tree, StringComparison.Ordinal);
        Assert.Contains("└ ", tree, StringComparison.Ordinal);
        Assert.Contains("notifications", tree, StringComparison.Ordinal);
        Assert.Contains(id, await system.MustRunAsync(["traces", "--service", "gateway", "--slowest", "-n", "500"], Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'xyz' is no trace id", "traces", "xyz")]
    [InlineData("--min: 'long' is not a number with ms", "traces", "--min", "long")]
    [InlineData("--slowest narrows the list", "traces", "4bf92f3577b34da6a3ce929d0e0e4736", "--slowest")]
    public async Task What_is_asked_wrongly_is_told_before_anything_is_asked(string told, params string[] words)
    {
        (int exitCode, _, string errors) = await QuintetCommand.RunAsync(words, Cancellation);

        Assert.Equal(2, exitCode);
        Assert.Contains(told, errors, StringComparison.Ordinal);
    }
}
