using System.Text.Json.Nodes;
using Quintet.EndToEnd;
using Xunit;

namespace Quintet.Engines.Accounts;

/// <summary><c>quintet engines apply</c>, repeated, refused and asked what it would do.</summary>
public sealed class ApplyTests(RunningSystem running)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Applied_again_nothing_changes()
    {
        string done = await running.System.MustRunAsync(["engines", "apply", "--output", "json"], Cancellation, running.Environment);

        JsonArray steps = JsonNode.Parse(done)!.AsArray();
        Assert.NotEmpty(steps);
        Assert.All(steps, step => Assert.Equal("unchanged", (string?)step!["outcome"]));
    }

    [Fact]
    public async Task A_deploy_waits_for_the_rights_that_its_service_wants()
    {
        string before = await File.ReadAllTextAsync(running.Manifest, Cancellation);
        string after = before.Replace("publishes: [users.user-created,", "publishes: [users.user-renamed, users.user-created,", StringComparison.Ordinal);
        Assert.NotEqual(before, after);
        await File.WriteAllTextAsync(running.Manifest, after, Cancellation);
        try
        {
            (int exitCode, _, string errors) = await running.System.RunAsync(["deploy", "users"], Cancellation);
            Assert.Equal(4, exitCode);
            Assert.Contains("the account of users at engines.broker does not reach users.user-renamed yet; run 'quintet engines apply'", errors,
                StringComparison.Ordinal);

            string wouldBe = await running.System.MustRunAsync(["engines", "apply", "--dry-run"], Cancellation, running.Environment);
            Assert.Contains("to do     events of reference.users: publishes users.user-renamed, ", wouldBe, StringComparison.Ordinal);
            Assert.Equal(4, (await running.System.RunAsync(["deploy", "users"], Cancellation)).ExitCode);

            string done = await running.System.MustRunAsync(["engines", "apply"], Cancellation, running.Environment);
            Assert.Single(done.Split('\n'), line => line.StartsWith("broker    done ", StringComparison.Ordinal));
            await running.System.MustRunAsync(["deploy", "users"], Cancellation);
        }
        finally
        {
            await File.WriteAllTextAsync(running.Manifest, before, Cancellation);
        }

        await running.System.MustRunAsync(["engines", "apply"], Cancellation, running.Environment);
    }

    [Theory]
    [InlineData("QUINTET_BROKER_PASSWORD", "QUINTET_BROKER_USER and QUINTET_BROKER_PASSWORD must name an administrator of RabbitMQ")]
    [InlineData("QUINTET_DATABASE_PASSWORD", "QUINTET_DATABASE_USER and QUINTET_DATABASE_PASSWORD must name a role that may create roles and databases")]
    [InlineData("CONSUL_HTTP_TOKEN", "CONSUL_HTTP_TOKEN must hold a token that may manage Consul's access control")]
    public async Task A_wrong_credential_of_the_administrator_is_named(string variable, string message)
    {
        Dictionary<string, string?> environment = new(running.Environment) { [variable] = "00000000-0000-0000-0000-00000000dead" };

        (int exitCode, _, string errors) = await running.System.RunAsync(["engines", "apply"], Cancellation, environment);

        Assert.Equal(6, exitCode);
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }
}
