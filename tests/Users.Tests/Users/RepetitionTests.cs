using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Data.Sqlite;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Traffic;
using Xunit;

namespace Quintet.Users.Tests.Users;

/// <summary>POST /users with an <c>Idempotency-Key</c>: a client that does not know what became of its request just sends it again.</summary>
public sealed class RepetitionTests(RunningUsers.OnSqlite running) : IClassFixture<RunningUsers.OnSqlite>, IAsyncLifetime
{
    private const int Kills = 10;
    private const int Clients = 4;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => running.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_repeated_sign_up_is_the_same_user_and_not_a_taken_address()
    {
        SignUp signUp = new("Twice", "twice-with-key@example.org", "key-1");

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => PostAsync(running.Client, signUp)));

        Answer made = Assert.Single(answers, answer => !answer.IsReplay);
        Assert.Equal((HttpStatusCode.Created, "\"1\""), (made.Status, made.Tag));
        Assert.All(answers, answer => Assert.Equal(made with { IsReplay = true }, answer with { IsReplay = true }));
        Assert.Equal((HttpStatusCode)422, (await PostAsync(running.Client, signUp with { Name = "Other" })).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(running.Client, signUp with { Key = "key-2" })).Status);
    }

    [Fact]
    public async Task A_service_killed_at_random_moments_makes_each_user_once_and_its_answers_stay()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        Random random = new(seed);
        await using UsersProcess users = new();
        ConcurrentDictionary<SignUp, Answer> accepted = [];
        using CancellationTokenSource enough = new();
        Task signingUp = Task.WhenAll(Enumerable.Range(0, Clients).Select(client => SignUpAsync(users.Client, client, accepted, enough.Token)));

        for (int kill = 0; kill < Kills; kill++)
        {
            int before = accepted.Count + random.Next(1, 10);
            await Eventually.TrueAsync("users sign up", () => Task.FromResult(accepted.Count >= before), Cancellation, () => users.Output);
            long moment = Stopwatch.GetTimestamp() + random.NextInt64(Stopwatch.Frequency / 50);
            await Task.Run(() => Pause.Until(moment), Cancellation);
            await users.KillAsync();
            users.Start();
        }

        await enough.CancelAsync();
        await signingUp;
        foreach ((SignUp signUp, Answer answer) in accepted) Assert.Equal(answer with { IsReplay = true }, await RetryAsync(users.Client, signUp));
        Assert.All(accepted.Values, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));
        Assert.Equal((accepted.Count, accepted.Count, accepted.Count), await CountAsync(users.Database));
        Assert.Equal(accepted.Count, accepted.Values.Select(answer => answer.Location).Distinct().Count());
    }

    private static async Task SignUpAsync(HttpClient http, int client, ConcurrentDictionary<SignUp, Answer> accepted, CancellationToken enough)
    {
        for (int i = 0; !enough.IsCancellationRequested; i++)
        {
            SignUp signUp = new($"Client {client}", $"client-{client}-{i}@example.org", Guid.NewGuid().ToString());
            accepted[signUp] = await RetryAsync(http, signUp);
        }
    }

    private static Task<Answer> RetryAsync(HttpClient http, SignUp signUp) => Eventually.GetAsync(
        $"an answer to {signUp.Email}",
        async () => await PostAsync(http, signUp) is { Status: < HttpStatusCode.InternalServerError } answer ? answer : null,
        Cancellation);

    private static async Task<Answer> PostAsync(HttpClient http, SignUp signUp)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/users") { Content = JsonContent.Create(new { name = signUp.Name, email = signUp.Email }) };
        request.Headers.Add("Idempotency-Key", signUp.Key);
        using HttpResponseMessage answer = await http.SendAsync(request, Cancellation);
        return new Answer(
            answer.StatusCode, answer.Headers.Location?.ToString(), answer.Headers.ETag?.ToString(), answer.Content.Headers.ContentType?.ToString(),
            await answer.Content.ReadAsStringAsync(Cancellation), answer.Headers.Contains("Idempotent-Replayed"));
    }

    private static async Task<(int Users, int Events, int Answers)> CountAsync(string database)
    {
        await using SqliteConnection file = new($"Data Source={database};Pooling=False");
        await file.OpenAsync(Cancellation);
        return (await OfAsync("users"), await OfAsync("quintet_outbox"), await OfAsync("quintet_idempotency"));

        async Task<int> OfAsync(string table)
        {
            await using SqliteCommand command = file.CreateCommand();
            command.CommandText = $"SELECT COUNT(*) FROM {table}";
            return Convert.ToInt32(await command.ExecuteScalarAsync(Cancellation), null);
        }
    }

    private sealed record SignUp(string Name, string Email, string Key);

    private sealed record Answer(HttpStatusCode Status, string? Location, string? Tag, string? ContentType, string Body, bool IsReplay);
}
