using System.Net;
using Quintet.EndToEnd;
using Xunit;

namespace Quintet.Engines.Accounts;

/// <summary><c>quintet doctor</c> beside a running system on its engines.</summary>
public sealed class DoctorTests(RunningSystem running)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_system_that_works_has_no_fault()
    {
        await running.System.BecomeReadyAsync(Cancellation);

        string findings = await running.System.MustRunAsync(["doctor"], Cancellation, running.Environment);

        Assert.Contains("users logs in to RabbitMQ", findings, StringComparison.Ordinal);
        Assert.Contains("Consul knows the token of supervisor", findings, StringComparison.Ordinal);
        Assert.Contains("users reaches its database reference_users on PostgreSQL", findings, StringComparison.Ordinal);
        Assert.Contains("processes are ready", findings, StringComparison.Ordinal);
        Assert.DoesNotContain("fault ", findings, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("users", "^$", ".*", "users.user-created")]
    [InlineData("notifications", ".*", "^$", "users.user-created")]
    public async Task A_service_that_may_not_publish_or_bind_its_events_is_a_fault_without_an_administrator_too(
        string service, string write, string read, string refused)
    {
        string doctor = await running.System.MustRunAsync(["doctor"], Cancellation);
        Assert.Contains($"{service} logs in to RabbitMQ", doctor, StringComparison.Ordinal);
        using HttpClient management = Management();
        Uri topics = new($"/api/topic-permissions/reference/reference.{service}", UriKind.Relative);
        using StringContent narrowed = new($$"""{"exchange":"events","write":"{{write}}","read":"{{read}}"}""");
        try
        {
            Assert.True((await management.PutAsync(topics, narrowed, Cancellation)).IsSuccessStatusCode);

            (int exitCode, string findings, _) = await running.System.RunAsync(["doctor"], Cancellation);

            Assert.Equal(1, exitCode);
            string fault = Assert.Single(findings.Split('\n'), line => line.StartsWith("fault ", StringComparison.Ordinal));
            Assert.Contains($"{service}: ACCESS_REFUSED", fault, StringComparison.Ordinal);
            Assert.Contains($"'{refused}'", fault, StringComparison.Ordinal);
            Assert.Contains("run 'quintet engines apply'", fault, StringComparison.Ordinal);
        }
        finally
        {
            await running.System.MustRunAsync(["engines", "apply"], Cancellation, running.Environment);
        }
    }

    [Fact]
    public async Task Rights_that_were_taken_away_are_faults_until_they_are_applied_again()
    {
        using HttpClient management = Management();
        Uri topics = new("/api/topic-permissions/reference/reference.users", UriKind.Relative);
        Assert.Equal(HttpStatusCode.NoContent, (await management.DeleteAsync(topics, Cancellation)).StatusCode);
        try
        {
            (int exitCode, string findings, _) = await running.System.RunAsync(["doctor"], Cancellation, running.Environment);

            Assert.Equal(1, exitCode);
            string fault = Assert.Single(findings.Split('\n'), line => line.StartsWith("fault ", StringComparison.Ordinal));
            Assert.Contains("events of reference.users: publishes users.user-created, ", fault, StringComparison.Ordinal);
            Assert.Contains("is missing or has been changed; run 'quintet engines apply'", fault, StringComparison.Ordinal);
        }
        finally
        {
            await running.System.MustRunAsync(["engines", "apply"], Cancellation, running.Environment);
        }

        await running.System.MustRunAsync(["doctor"], Cancellation, running.Environment);
    }

    private HttpClient Management()
    {
        var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{running.Rabbit.ManagementPort}") };
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("guest:guest"u8));
        return client;
    }
}
