using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Notifications.Erasure;
using Quintet.Notifications.History;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Notifications.Tests.Erasure;

/// <summary>What Notifications does when a user is to be deleted.</summary>
public abstract class ErasureTests(PostgresServer? server) : IAsyncLifetime
{
    private readonly RunningNotifications _notifications = new(server);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _notifications.InitializeAsync();
        await using AsyncServiceScope scope = _notifications.Services.CreateAsyncScope();
        NotificationsDb db = scope.ServiceProvider.GetRequiredService<NotificationsDb>();
        foreach (long user in (long[])[1, 1, 2])
            db.Add(new SentNotification { UserId = user, Type = "user_created", MessageId = Guid.NewGuid().ToString(), SentAt = DateTimeOffset.UnixEpoch });
        await db.SaveChangesAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => _notifications.DisposeAsync();

    [Fact]
    public async Task What_is_kept_about_the_user_is_erased_and_said_so_as_often_as_it_is_asked()
    {
        await AskAsync(1);
        await AskAsync(1);

        Assert.Equal(new long[] { 2 }, await KeptAsync());
        Assert.Equal(["notifications.user-erased", "notifications.user-erased"], await EventsAsync());
    }

    [Fact]
    public async Task What_must_be_kept_is_kept_and_the_erasure_refused()
    {
        _notifications.Services.GetRequiredService<IConfiguration>()["Erasure:RetainedUsers:0"] = "1";
        ((IConfigurationRoot)_notifications.Services.GetRequiredService<IConfiguration>()).Reload();

        await AskAsync(1);
        await AskAsync(2);

        Assert.Equal(new long[] { 1, 1 }, await KeptAsync());
        Assert.Equal(["notifications.user-erasure-refused", "notifications.user-erased"], await EventsAsync());
    }

    private async Task AskAsync(long userId)
    {
        await using AsyncServiceScope scope = _notifications.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<EraseOnRequest>()
            .HandleAsync(new("event", DateTimeOffset.UnixEpoch, new UserDeletionRequested(userId, "deletion-1")), Cancellation);
        await scope.ServiceProvider.GetRequiredService<NotificationsDb>().SaveChangesAsync(Cancellation);
    }

    private async Task<long[]> KeptAsync()
    {
        await using AsyncServiceScope scope = _notifications.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<NotificationsDb>().Sent.Select(sent => sent.UserId).ToArrayAsync(Cancellation);
    }

    private async Task<string[]> EventsAsync()
    {
        await using AsyncServiceScope scope = _notifications.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<NotificationsDb>().Database
            .SqlQuery<string>($"""SELECT "Type" AS "Value" FROM quintet_outbox ORDER BY "Sequence" """).ToArrayAsync(Cancellation);
    }

    public sealed class OnSqlite() : ErasureTests(null);

    public sealed class OnPostgres(PostgresServer server) : ErasureTests(server);
}
