using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Chassis.Messaging.Events;
using Quintet.Users.Deletion;
using Xunit;

namespace Quintet.Users.Tests.Deletion;

/// <summary>DELETE /users/{id}, with Notifications' answers as their events bring them.</summary>
public abstract class DeletionTests(RunningUsers users) : IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => users.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_user_is_gone_when_notifications_has_erased_its_id_is_not_reused_and_its_address_is_free()
    {
        (long id, _) = await users.SignUpAsync("Leaving", "leaving@example.org");

        string run = await DeleteAsync(id);
        Assert.Equal("running", await StateAsync(run));
        Assert.Equal(HttpStatusCode.OK, (await users.Client.GetAsync($"/users/{id}", Cancellation)).StatusCode);
        await ErasedAsync(run);
        await ErasedAsync(run); // a repetition changes nothing

        Assert.Equal("completed", await StateAsync(run));
        Assert.Equal(HttpStatusCode.NotFound, (await users.Client.GetAsync($"/users/{id}", Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await users.Client.DeleteAsync($"/users/{id}", Cancellation)).StatusCode);
        (long next, _) = await users.SignUpAsync("Again", "leaving@example.org");
        Assert.True(next > id);
        Assert.Equal(["users.user-created", "users.user-deletion-requested", "users.user-deleted"], await EventsOfAsync(id));
    }

    [Fact]
    public async Task A_user_is_there_as_before_when_notifications_refuses()
    {
        (long id, _) = await users.SignUpAsync("Staying", "staying@example.org");
        string run = await DeleteAsync(id);

        await WithAsync<RestoreUser, UserErasureRefused>(new UserErasureRefused(run[(run.LastIndexOf('/') + 1)..], "a lawsuit"));

        JsonNode view = (await users.Client.GetFromJsonAsync<JsonNode>(run, Cancellation))!;
        Assert.Equal(("undone", "a lawsuit", id), ((string?)view["state"], (string?)view["reason"], (long)view["data"]!["user_id"]!));
        HttpResponseMessage read = await users.Client.GetAsync($"/users/{id}", Cancellation);
        HttpResponseMessage changed = await PutAsync(id, read.Headers.ETag!.ToString());
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (read.StatusCode, changed.StatusCode));
        Assert.Equal(["users.user-created", "users.user-deletion-requested"], await EventsOfAsync(id));
        Assert.NotEqual(run, await DeleteAsync(id)); // it may be tried again
    }

    [Fact]
    public async Task A_user_that_is_being_deleted_is_not_changed_and_a_repeated_deletion_is_the_same_one()
    {
        (long id, _) = await users.SignUpAsync("Twice", "twice-deleted@example.org");
        string run = await DeleteAsync(id);
        string tag = (await users.Client.GetAsync($"/users/{id}", Cancellation)).Headers.ETag!.ToString();

        HttpResponseMessage changed = await PutAsync(id, tag);

        Assert.Equal(HttpStatusCode.Conflict, changed.StatusCode);
        Assert.Equal("urn:quintet:error:user-being-deleted", (string?)(await changed.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!["type"]);
        Assert.Equal(run, await DeleteAsync(id));
    }

    [Fact]
    public async Task Of_many_deletions_at_once_one_is_made_and_all_are_told_of_it()
    {
        (long id, _) = await users.SignUpAsync("Crowd", "crowd-deleted@example.org");

        string[] runs = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => DeleteAsync(id)));

        Assert.Single(runs.Distinct());
        Assert.Equal(["users.user-created", "users.user-deletion-requested"], await EventsOfAsync(id));
    }

    private async Task<string> DeleteAsync(long id)
    {
        HttpResponseMessage accepted = await users.Client.DeleteAsync($"/users/{id}", Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        string location = accepted.Headers.Location!.ToString();
        Assert.StartsWith("/users/deletions/", location, StringComparison.Ordinal);
        return location;
    }

    private async Task<string?> StateAsync(string run) => (string?)(await users.Client.GetFromJsonAsync<JsonNode>(run, Cancellation))!["state"];

    private Task ErasedAsync(string run) => WithAsync<FinishDeletion, UserErased>(new UserErased(run[(run.LastIndexOf('/') + 1)..]));

    private async Task WithAsync<THandler, TEvent>(TEvent happened)
        where THandler : class, IEventHandler<TEvent>
        where TEvent : IEvent
    {
        await using AsyncServiceScope scope = users.Services.CreateAsyncScope();
        ReceivedEvent<TEvent> received = new(Guid.NewGuid().ToString(), DateTimeOffset.UnixEpoch, happened);
        await scope.ServiceProvider.GetRequiredService<THandler>().HandleAsync(received, Cancellation);
        await scope.ServiceProvider.GetRequiredService<UsersDb>().SaveChangesAsync(Cancellation);
    }

    private async Task<string[]> EventsOfAsync(long id)
    {
        await using AsyncServiceScope scope = users.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<UsersDb>().Database
            .SqlQuery<string>($"""SELECT "Type" AS "Value" FROM quintet_outbox WHERE "Subject" = {$"users/{id}"} ORDER BY "Sequence" """)
            .ToArrayAsync(Cancellation);
    }

    private Task<HttpResponseMessage> PutAsync(long id, string tag)
    {
        HttpRequestMessage request = new(HttpMethod.Put, $"/users/{id}");
        request.Content = JsonContent.Create(new { name = "New", email = $"new-{id}@example.org" });
        request.Headers.TryAddWithoutValidation("If-Match", tag);
        return users.Client.SendAsync(request, Cancellation);
    }

    public sealed class OnSqlite(RunningUsers.OnSqlite users) : DeletionTests(users), IClassFixture<RunningUsers.OnSqlite>;

    public sealed class OnPostgres(RunningUsers.OnPostgres users) : DeletionTests(users), IClassFixture<RunningUsers.OnPostgres>;
}
