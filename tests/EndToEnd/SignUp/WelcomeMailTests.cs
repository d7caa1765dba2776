using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Quintet.TestKit.Telemetry;
using Xunit;

namespace Quintet.EndToEnd.SignUp;

public sealed class WelcomeMailTests(RunningSystem running)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_user_gets_exactly_one_welcome_mail()
    {
        await running.System.SignUpAsync("Ada Lovelace", "ada@example.org", Cancellation);

        Mail mail = await running.System.MailToAsync("ada@example.org", Cancellation);
        Assert.Contains("Ada Lovelace", mail.Body, StringComparison.Ordinal);
        Assert.NotEmpty(mail.MessageId);
        Assert.Single(running.System.Mails(), m => m.To.Contains("ada@example.org", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_trace_spans_the_way_from_the_client_to_the_mail()
    {
        const string traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/users");
        request.Headers.Add("traceparent", $"00-{traceId}-00f067aa0ba902b7-01");
        request.Content = JsonContent.Create(new { name = "Grace", email = "grace@example.org" });

        (await running.System.Gateway.SendAsync(request, Cancellation)).EnsureSuccessStatusCode();
        await running.System.MailToAsync("grace@example.org", Cancellation);

        string[] expected = ["quintet-gateway", "users", "notifications"];
        await Eventually.TrueAsync(
            "every part of the way reports spans of the client's trace",
            () => Task.FromResult(expected.All(service => SpansOf(traceId).Any(span => span.Service == service))),
            Cancellation,
            () => string.Join('\n', SpansOf(traceId)));
        // Notifications asks Users for the user within the same trace: a second server span of Users.
        await Eventually.TrueAsync(
            "the question back to Users belongs to the trace",
            () => Task.FromResult(SpansOf(traceId).Any(span => span.Service == "users" && span.Name.StartsWith("GET", StringComparison.Ordinal))),
            Cancellation,
            () => string.Join('\n', SpansOf(traceId)));
    }

    [Fact]
    public async Task Every_stop_from_the_request_to_the_mail_is_noted_though_the_trace_is_not_sampled()
    {
        const string traceId = "0af7651916cd43dd8448eb211c80319c";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/users");
        request.Headers.Add("traceparent", $"00-{traceId}-00f067aa0ba902b7-00");
        request.Content = JsonContent.Create(new { name = "Hedy", email = "hedy@example.org" });

        (await running.System.Gateway.SendAsync(request, Cancellation)).EnsureSuccessStatusCode();

        (string, string, string)[] expected =
        [
            ("quintet-gateway", "request", "201"), ("users", "outbox", "committed"), ("users", "published", "confirmed"),
            ("notifications", "call", "200"), ("notifications", "mail", "accepted"), ("notifications", "handled", "handled"),
        ];
        await Eventually.TrueAsync(
            "all stops arrive",
            () => Task.FromResult(expected.All(HopsOf(traceId).Select(hop => (hop.Service, hop.Stage, hop.Outcome)).Contains)),
            Cancellation,
            () => string.Join('\n', HopsOf(traceId)));
        Assert.Single(HopsOf(traceId).Select(hop => hop.EventId).OfType<string>().Distinct());
        Assert.Contains(HopsOf(traceId), hop => hop is { Stage: "mail", Address: "h••@example.org" });
    }

    [Fact]
    public async Task The_subject_comes_from_the_configuration_server_and_changes_live()
    {
        const string subject = "A new hello from the test";
        await running.System.ConfigureAsync("notifications.yml", $"welcome:\n  subject: {subject}\n", Cancellation);

        int attempt = 0;
        Mail mail = await Eventually.GetAsync(
            "a mail with the new subject",
            async () =>
            {
                string email = $"subject-{++attempt}@example.org";
                await running.System.SignUpAsync("Subject", email, Cancellation);
                Mail sent = await running.System.MailToAsync(email, Cancellation);
                return sent.Subject == subject ? sent : null;
            },
            Cancellation);
        Assert.Equal(subject, mail.Subject);
    }

    [Fact]
    public async Task The_four_calls_of_the_seed_answer_as_they_always_did()
    {
        HttpClient gateway = running.System.Gateway;

        HttpResponseMessage created = await gateway.PostAsJsonAsync("/users", new { name = "Seed", email = "seed@example.org" }, Cancellation);
        JsonNode user = (await created.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
        int id = (int)user["id"]!;
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.EndsWith($"/users/{id}", created.Headers.Location!.ToString(), StringComparison.Ordinal);

        JsonNode read = (await gateway.GetFromJsonAsync<JsonNode>($"/users/{id}", Cancellation))!;
        Assert.Equal("Seed", (string?)read["name"]);
        Assert.Equal("seed@example.org", (string?)read["email"]);

        HttpResponseMessage unknown = await gateway.GetAsync("/users/999999", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal("User not found", (string?)(await unknown.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["error"]);

        HttpResponseMessage sent = await gateway.PostAsJsonAsync("/notifications", new { type = "user_created", user_id = id }, Cancellation);
        Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
        Assert.Equal("Notification sent", (string?)(await sent.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["status"]);

        HttpResponseMessage refused = await gateway.PostAsJsonAsync("/notifications", new { type = "user_created", user_id = 999999 }, Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal("Failed to process notification", (string?)(await refused.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["error"]);
    }

    private ReceivedSpan[] SpansOf(string traceId) => [.. running.Telemetry.Spans.Where(span => span.TraceId == traceId)];

    private (string Service, string Stage, string Outcome, string? EventId, string? Address)[] HopsOf(string traceId) =>
    [
        .. running.Telemetry.Logs.Where(log => log.EventName == "quintet.hop" && log.Attributes.GetValueOrDefault("quintet.trace.id") == traceId)
            .Select(log => (
                log.Service, log.Attributes["quintet.hop.stage"], log.Attributes["quintet.hop.outcome"],
                log.Attributes.GetValueOrDefault("quintet.event.id"), log.Attributes.GetValueOrDefault("quintet.address"))),
    ];
}
