using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using MimeKit;
using Quintet.Chassis.Messaging.Events;
using Quintet.Notifications.Erasure;
using Quintet.Notifications.Welcome;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Notifications.Tests.Welcome;

public abstract class WelcomeTests(PostgresServer? server) : IAsyncLifetime
{
    private readonly RunningNotifications _notifications = new(server);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _notifications.InitializeAsync();

    public ValueTask DisposeAsync() => _notifications.DisposeAsync();

    [Fact]
    public async Task A_client_has_the_mail_sent_as_often_as_it_asks()
    {
        _notifications.Users.Users[1] = new { id = 1, name = "Ada", email = "ada@example.org" };

        for (int i = 0; i < 2; i++)
        {
            HttpResponseMessage answer = await PostAsync("user_created", 1);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            Assert.Equal("""{"status":"Notification sent"}""", await answer.Content.ReadAsStringAsync(Cancellation));
        }

        Assert.Equal(2, _notifications.Mails().Length);
        JsonNode history = (await _notifications.Client.GetFromJsonAsync<JsonNode>("/notifications?user_id=1", Cancellation))!;
        Assert.Equal(2, history["notifications"]!.AsArray().Count);
        Assert.Equal("user_created", (string?)history["notifications"]![0]!["type"]);
        Assert.Empty((await _notifications.Client.GetFromJsonAsync<JsonNode>("/notifications?user_id=2", Cancellation))!["notifications"]!.AsArray());
    }

    [Theory]
    [InlineData("user_created", 999)]
    [InlineData("something_else", 1)]
    [InlineData(null, 1)]
    [InlineData("user_created", null)]
    public async Task What_cannot_be_sent_is_400_with_the_error_its_clients_know(string? type, int? id)
    {
        _notifications.Users.Users[1] = new { id = 1, name = "Ada", email = "ada@example.org" };

        HttpResponseMessage answer = await PostAsync(type, id);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        JsonNode problem = (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
        Assert.Equal("Failed to process notification", (string?)problem["error"]);
        Assert.Equal("urn:quintet:error:notification-failed", (string?)problem["type"]);
        Assert.Empty(_notifications.Mails());
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)] // without the body of Users: somebody else listens where an instance of Users was
    public async Task When_users_fails_nothing_is_sent_and_nothing_is_given_up(int status)
    {
        _notifications.Users.Failure = status;

        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("user_created", 1)).StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => HandleAsync("event-1", 1));
        Assert.Empty(_notifications.Mails());
    }

    [Fact]
    public async Task An_event_becomes_one_file_however_often_it_is_handled()
    {
        _notifications.Users.Users[1] = new { id = 1, name = "Ada", email = "ada@example.org" };

        await HandleAsync("event-1", 1);
        await HandleAsync("event-1", 1);

        string path = Assert.Single(_notifications.Mails());
        Assert.Equal("event-1.eml", Path.GetFileName(path));
        MimeMessage mail = await MimeMessage.LoadAsync(path, Cancellation);
        Assert.Equal("event-1@quintet.example", mail.MessageId);
        Assert.Equal("Welcome, Ada!", mail.Subject);
        Assert.Equal("ada@example.org", mail.To.Mailboxes.Single().Address);
    }

    [Fact]
    public async Task A_user_who_left_before_the_mail_gets_none()
    {
        await HandleAsync("event-1", 5);

        Assert.Empty(_notifications.Mails());
    }

    [Fact]
    public async Task The_subject_changes_with_the_configuration_while_the_service_runs()
    {
        _notifications.Users.Users[1] = new { id = 1, name = "Ada", email = "ada@example.org" };
        var configuration = _notifications.Services.GetRequiredService<IConfiguration>();

        configuration["Welcome:Subject"] = "Good day {name}";
        ((IConfigurationRoot)configuration).Reload();
        await HandleAsync("event-1", 1);

        Assert.Equal("Good day Ada", (await MimeMessage.LoadAsync(_notifications.Mails().Single(), Cancellation)).Subject);
    }

    [Fact]
    public async Task A_deleted_user_is_forgotten()
    {
        _notifications.Users.Users[1] = new { id = 1, name = "Ada", email = "ada@example.org" };
        await PostAsync("user_created", 1);
        await using AsyncServiceScope scope = _notifications.Services.CreateAsyncScope();
        NotificationsDb db = scope.ServiceProvider.GetRequiredService<NotificationsDb>();

        await scope.ServiceProvider.GetRequiredService<ForgetUser>().HandleAsync(new("event-2", DateTimeOffset.UnixEpoch, new UserDeleted(1)), Cancellation);
        await db.SaveChangesAsync(Cancellation);

        Assert.Empty(await db.Sent.ToListAsync(Cancellation));
    }

    [Fact]
    public async Task The_migrations_make_the_model()
    {
        await using AsyncServiceScope scope = _notifications.Services.CreateAsyncScope();

        Assert.False(scope.ServiceProvider.GetRequiredService<NotificationsDb>().Database.HasPendingModelChanges());
    }

    private Task<HttpResponseMessage> PostAsync(string? type, int? id) =>
        _notifications.Client.PostAsJsonAsync("/notifications", new { type, user_id = id }, Cancellation);

    private async Task HandleAsync(string eventId, long userId)
    {
        await using AsyncServiceScope scope = _notifications.Services.CreateAsyncScope();
        ReceivedEvent<UserCreated> received = new(eventId, DateTimeOffset.UnixEpoch, new UserCreated(userId));
        await scope.ServiceProvider.GetRequiredService<SendWelcome>().HandleAsync(received, Cancellation);
    }

    public sealed class OnSqlite() : WelcomeTests(null);

    public sealed class OnPostgres(PostgresServer server) : WelcomeTests(server);
}
