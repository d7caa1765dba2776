using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Quintet.Users.Tests.Users;

public abstract class ChangeTests(RunningUsers users) : IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => users.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_change_without_its_version_is_428_and_with_an_old_one_412()
    {
        (long id, string tag) = await users.SignUpAsync("Old", "version@example.org");

        HttpResponseMessage without = await PutAsync(id, null, "New", "version@example.org");
        HttpResponseMessage changed = await PutAsync(id, tag, "New", "version@example.org");
        HttpResponseMessage stale = await PutAsync(id, tag, "Newer", "version@example.org");

        Assert.Equal(HttpStatusCode.PreconditionRequired, without.StatusCode);
        Assert.Equal("urn:quintet:error:precondition-required", await TypeOf(without));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.NotEqual(tag, changed.Headers.ETag!.ToString());
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.StatusCode);
        Assert.Equal("urn:quintet:error:precondition-failed", await TypeOf(stale));
        Assert.Equal("New", (string?)(await users.Client.GetFromJsonAsync<JsonNode>($"/users/{id}", Cancellation))!["name"]);
    }

    [Fact]
    public async Task Of_many_changes_of_one_version_one_is_made()
    {
        (long id, string tag) = await users.SignUpAsync("Race", "many@example.org");

        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PutAsync(id, tag, $"Race {i}", "many@example.org")));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(7, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task Counters_on_two_instances_lose_no_count()
    {
        const int Writers = 8;
        const int Counts = 10;
        (long id, _) = await users.SignUpAsync("0", "counter@example.org");
        await using WebApplication other = await users.StartInstanceAsync("users-2");
        Uri[] instances = [users.Client.BaseAddress!, new Uri(other.Urls.First())];
        ConcurrentBag<string> versions = [];

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
        {
            Uri address = new(instances[writer % 2], $"/users/{id}");
            for (int done = 0; done < Counts;)
            {
                HttpResponseMessage read = await users.Client.GetAsync(address, Cancellation);
                int count = int.Parse((string)(await read.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["name"]!, CultureInfo.InvariantCulture);
                HttpResponseMessage written = await PutAsync(address, read.Headers.ETag!.ToString(), $"{count + 1}", "counter@example.org");
                if (written.StatusCode == HttpStatusCode.PreconditionFailed) continue;
                Assert.Equal(HttpStatusCode.OK, written.StatusCode);
                versions.Add(written.Headers.ETag!.ToString());
                done++;
            }
        }));

        Assert.Equal($"{Writers * Counts}", (string?)(await users.Client.GetFromJsonAsync<JsonNode>($"/users/{id}", Cancellation))!["name"]);
        Assert.Equal(Enumerable.Range(2, Writers * Counts).Select(version => $"\"{version}\"").ToHashSet(), versions.ToHashSet());
        await other.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_change_to_a_taken_email_is_409()
    {
        await users.SignUpAsync("Owner", "owner@example.org");
        (long id, string tag) = await users.SignUpAsync("Thief", "thief@example.org");

        Assert.Equal(HttpStatusCode.Conflict, (await PutAsync(id, tag, "Thief", "owner@example.org")).StatusCode);
    }

    [Fact]
    public async Task What_the_client_has_already_is_304()
    {
        (long id, string tag) = await users.SignUpAsync("Cached", "cached@example.org");
        using HttpRequestMessage request = new(HttpMethod.Get, $"/users/{id}");
        request.Headers.TryAddWithoutValidation("If-None-Match", tag);

        Assert.Equal(HttpStatusCode.NotModified, (await users.Client.SendAsync(request, Cancellation)).StatusCode);
    }

    [Fact]
    public async Task A_list_comes_in_pages_that_lose_and_repeat_nothing()
    {
        HashSet<long> made = [];
        for (int i = 0; i < 7; i++) made.Add((await users.SignUpAsync($"Page {i}", $"page-{i}@example.org")).Id);

        List<long> seen = [];
        string? next = "/users?limit=3";
        while (next is not null)
        {
            JsonNode page = (await users.Client.GetFromJsonAsync<JsonNode>(next, Cancellation))!;
            seen.AddRange(page["users"]!.AsArray().Select(user => (long)user!["id"]!));
            next = (string?)page["next"];
        }

        Assert.Equal(seen.Distinct().Order(), seen);
        Assert.Superset(made, seen.ToHashSet());
    }

    [Fact]
    public async Task The_migrations_make_the_model()
    {
        await using AsyncServiceScope scope = users.Services.CreateAsyncScope();

        Assert.False(scope.ServiceProvider.GetRequiredService<UsersDb>().Database.HasPendingModelChanges());
    }

    private static async Task<string?> TypeOf(HttpResponseMessage problem) =>
        (string?)(await problem.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["type"];

    private Task<HttpResponseMessage> PutAsync(long id, string? tag, string name, string email) =>
        PutAsync(new Uri($"/users/{id}", UriKind.Relative), tag, name, email);

    private Task<HttpResponseMessage> PutAsync(Uri address, string? tag, string name, string email)
    {
        HttpRequestMessage request = new(HttpMethod.Put, address) { Content = JsonContent.Create(new { name, email }) };
        if (tag is not null) request.Headers.TryAddWithoutValidation("If-Match", tag);
        return users.Client.SendAsync(request, Cancellation);
    }

    public sealed class OnSqlite(RunningUsers.OnSqlite users) : ChangeTests(users), IClassFixture<RunningUsers.OnSqlite>;

    public sealed class OnPostgres(RunningUsers.OnPostgres users) : ChangeTests(users), IClassFixture<RunningUsers.OnPostgres>;
}
