using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.EndToEnd.Operating;

public sealed class ScaleAndDeployTests(RunningSystem running)
{
    // What a Consul's agent could not tell its servers while they had no leader, it tells them when it compares itself with them: once in one to
    // two minutes. Until then an instance that left meanwhile is listed, as it was.
    private static readonly TimeSpan ServersCatchUp = TimeSpan.FromMinutes(4);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scaled_to_three_all_instances_take_part_and_scaled_back_one_stays()
    {
        QuintetSystem system = running.System;

        await system.MustRunAsync(["scale", "users=3"], Cancellation);

        Assert.Equal(3, (await system.ProcessesOfAsync("users", Cancellation)).Count(p => p.State == "ready"));
        await PassAsync("users", 3);
        await system.SignUpAsync("Three", "three@example.org", Cancellation);
        await system.MailToAsync("three@example.org", Cancellation);

        await system.MustRunAsync(["scale", "users=1"], Cancellation);
        await PassAsync("users", 1);
        await system.SignUpAsync("One", "one-again@example.org", Cancellation);
        await system.MailToAsync("one-again@example.org", Cancellation);
    }

    [Fact]
    public async Task A_deploy_under_load_fails_no_request()
    {
        QuintetSystem system = running.System;
        await system.BecomeReadyAsync(Cancellation);
        string[] before = [.. (await system.ProcessesOfAsync("users", Cancellation)).Select(p => p.Instance)];
        using var deployed = new CancellationTokenSource();
        Task<int>[] load = [.. Enumerable.Range(0, 4).Select(client => LoadAsync(system, client, deployed.Token))];

        await system.MustRunAsync(["deploy", "users"], Cancellation);
        await deployed.CancelAsync();

        int[] served = await Task.WhenAll(load);
        Assert.All(served, count => Assert.True(count > 0));
        string[] after = [.. (await system.ProcessesOfAsync("users", Cancellation)).Select(p => p.Instance)];
        Assert.Empty(before.Intersect(after));
    }

    [Fact]
    public async Task Without_a_healthy_instance_the_gateway_answers_503()
    {
        QuintetSystem system = running.System;
        await system.MustRunAsync(["scale", "notifications=0"], Cancellation);

        HttpResponseMessage answer = await Eventually.GetAsync(
            "503",
            async () => await system.Gateway.GetAsync("/notifications?user_id=1", Cancellation)
                is { StatusCode: HttpStatusCode.ServiceUnavailable } refused
                    ? refused
                    : null,
            Cancellation);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);

        // What happens meanwhile is not lost: the mail comes when the service is back.
        await system.SignUpAsync("Meanwhile", "meanwhile@example.org", Cancellation);
        await system.MustRunAsync(["scale", "notifications=1"], Cancellation);
        await system.MailToAsync("meanwhile@example.org", Cancellation);
    }

    private static async Task<int> LoadAsync(QuintetSystem system, int client, CancellationToken deployed)
    {
        int served = 0;
        while (!deployed.IsCancellationRequested)
        {
            string email = $"deploy-{client}-{served}@example.org";
            HttpResponseMessage created = await system.Gateway.PostAsJsonAsync("/users", new { name = "Deploy", email }, Cancellation);
            await Answers.AreAsync(HttpStatusCode.Created, created, Cancellation);
            HttpResponseMessage read = await system.Gateway.GetAsync(created.Headers.Location, Cancellation);
            await Answers.AreAsync(HttpStatusCode.OK, read, Cancellation);
            served++;
        }

        return served;
    }

    // A cluster of Consul agrees a moment after each of its servers knows.
    private async Task PassAsync(string service, int count)
    {
        string seen = "no answer";
        await Eventually.TrueAsync(
            $"{count} instances of {service} pass",
            async () =>
            {
                // All of them, so that a failure tells which check of which instance it was.
                JsonArray entries = (await running.System.Registry.GetFromJsonAsync<JsonArray>($"/v1/health/service/{service}", Cancellation))!;
                seen = string.Join("; ", entries.Select(entry =>
                    $"{entry!["Service"]!["ID"]}: {string.Join(", ", entry["Checks"]!.AsArray().Select(check => $"{check!["CheckID"]} {check["Status"]}"))}"));
                return (await running.System.Registry.GetFromJsonAsync<JsonArray>($"/v1/health/service/{service}?passing", Cancellation))!.Count == count;
            },
            Cancellation,
            () => seen,
            ServersCatchUp);
    }
}
