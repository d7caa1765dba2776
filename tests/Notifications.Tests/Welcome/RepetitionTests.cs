using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Quintet.Notifications.Tests.Doubles;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Notifications.Tests.Welcome;

/// <summary>POST /notifications with an <c>Idempotency-Key</c>: however often it is sent, one mail and one line of history.</summary>
public sealed partial class RepetitionTests : IAsyncLifetime
{
    private UsersDouble _users = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _users = await UsersDouble.StartAsync();
        for (int id = 1; id <= 2; id++) _users.Users[id] = new { id, name = $"Name {id}", email = $"user-{id}@example.org" };
    }

    public ValueTask DisposeAsync() => _users.DisposeAsync();

    [Fact]
    public async Task With_a_key_a_repetition_sends_nothing_and_says_the_same()
    {
        await using NotificationsProcess notifications = Start();
        using HttpClient http = ClientOf(notifications);

        Answer first = await RetryAsync(http, "k1", userId: 1);
        Answer[] again = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => PostAsync(http, "k1", userId: 1)));
        Answer other = await PostAsync(http, "k1", userId: 2);
        Answer next = await PostAsync(http, "k2", userId: 1);

        Assert.Equal(new Answer(HttpStatusCode.Created, """{"status":"Notification sent"}""", IsReplay: false), first);
        Assert.All(again, answer => Assert.Equal(first with { IsReplay = true }, answer));
        Assert.Equal((HttpStatusCode)422, other.Status);
        Assert.Equal(first, next);
        Assert.Equal(2, MailsIn(notifications).Length);
        Assert.Equal((2, 2), await CountAsync(notifications.Database));
    }

    [Fact]
    public async Task What_could_not_be_sent_is_tried_again_with_the_same_key()
    {
        await using NotificationsProcess notifications = Start();
        using HttpClient http = ClientOf(notifications);
        _users.Failure = 500;
        Assert.Equal(HttpStatusCode.BadRequest, (await RetryAsync(http, "k1", userId: 1)).Status);

        _users.Failure = null;
        Answer sent = await PostAsync(http, "k1", userId: 1);

        Assert.Equal((HttpStatusCode.Created, false), (sent.Status, sent.IsReplay));
        Assert.Single(MailsIn(notifications));
    }

    [Fact]
    public async Task A_mail_sent_before_the_process_was_killed_is_replaced_and_not_doubled()
    {
        await using NotificationsProcess notifications = Start();
        using HttpClient http = ClientOf(notifications);

        await KillBetweenMailAndCommitAsync(notifications, http, () => MailsIn(notifications).Length == 1);
        string before = Assert.Single(MailsIn(notifications));
        Answer answer = await RetryAsync(http, "k1", userId: 1);

        Assert.Equal((HttpStatusCode.Created, false), (answer.Status, answer.IsReplay));
        Assert.Equal(before, Assert.Single(MailsIn(notifications)));
        Assert.Equal((1, 1), await CountAsync(notifications.Database));
    }

    [Fact]
    public async Task By_smtp_a_mail_sent_again_after_a_kill_has_the_same_message_id()
    {
        await using SmtpDouble server = new();
        await using NotificationsProcess notifications = Start("--Mail:Smtp:Host=127.0.0.1", $"--Mail:Smtp:Port={server.Port}");
        using HttpClient http = ClientOf(notifications);

        await KillBetweenMailAndCommitAsync(notifications, http, () => server.Mails.Count == 1);
        Assert.Equal(HttpStatusCode.Created, (await RetryAsync(http, "k1", userId: 1)).Status);
        Assert.True((await PostAsync(http, "k1", userId: 1)).IsReplay);

        Assert.Equal(2, server.Mails.Count);
        Assert.Single(server.Mails.Select(mail => MessageId().Match(mail).Value).Distinct());
        Assert.Equal((1, 1), await CountAsync(notifications.Database));
    }

    private NotificationsProcess Start(params string[] settings) => new([$"--services:users:http:0={_users.Url}", .. settings]);

    /// <summary>Another process writes to the database for so long that the mail is out and its commit is not: there the process is killed.</summary>
    private static async Task KillBetweenMailAndCommitAsync(NotificationsProcess notifications, HttpClient http, Func<bool> mailIsOut)
    {
        await Eventually.TrueAsync(
            "the service is ready",
            async () => (await http.GetAsync("/health/ready", Cancellation)).IsSuccessStatusCode,
            Cancellation,
            () => notifications.Output);
        await using (SqliteConnection writer = new($"Data Source={notifications.Database};Pooling=False"))
        {
            await writer.OpenAsync(Cancellation);
            await using SqliteTransaction writing = writer.BeginTransaction();
            Task<Answer> lost = PostAsync(http, "k1", userId: 1);
            await Eventually.TrueAsync("the mail is out", () => Task.FromResult(mailIsOut()), Cancellation, () => notifications.Output);
            await notifications.KillAsync();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => lost);
            await writing.RollbackAsync(Cancellation);
        }

        Assert.Equal((0, 0), await CountAsync(notifications.Database));
        notifications.Start();
    }

    private static HttpClient ClientOf(NotificationsProcess notifications) =>
        new(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{notifications.Port}") };

    private static string[] MailsIn(NotificationsProcess notifications) =>
        Directory.Exists(notifications.MailFolder) ? Directory.GetFiles(notifications.MailFolder, "*.eml") : [];

    /// <summary>As soon as the service answers.</summary>
    private static Task<Answer> RetryAsync(HttpClient http, string key, int userId) =>
        Eventually.GetAsync("an answer", async () => (Answer?)await PostAsync(http, key, userId), Cancellation);

    private static async Task<Answer> PostAsync(HttpClient http, string key, int userId)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/notifications");
        request.Content = JsonContent.Create(new { type = "user_created", user_id = userId });
        request.Headers.Add("Idempotency-Key", key);
        using HttpResponseMessage answer = await http.SendAsync(request, Cancellation);
        return new Answer(answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation), answer.Headers.Contains("Idempotent-Replayed"));
    }

    private static async Task<(int History, int Answers)> CountAsync(string database)
    {
        await using SqliteConnection file = new($"Data Source={database};Pooling=False");
        await file.OpenAsync(Cancellation);
        await using SqliteCommand command = file.CreateCommand();
        command.CommandText = "SELECT (SELECT COUNT(*) FROM notifications), (SELECT COUNT(*) FROM quintet_idempotency)";
        await using SqliteDataReader row = await command.ExecuteReaderAsync(Cancellation);
        await row.ReadAsync(Cancellation);
        return (row.GetInt32(0), row.GetInt32(1));
    }

    [GeneratedRegex("^Message-Id: .*$", RegexOptions.Multiline)]
    private static partial Regex MessageId();

    private sealed record Answer(HttpStatusCode Status, string Body, bool IsReplay);
}
