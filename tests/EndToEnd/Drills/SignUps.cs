using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Systems;

namespace Quintet.EndToEnd.Drills;

/// <summary>
/// Clients that sign users up through the gateway at the same time. Each repeats a request with its Idempotency-Key until it has a definite
/// answer; what is no such answer has a cause in the log.
/// </summary>
internal sealed class SignUps(QuintetSystem system, DrillPlan plan, DrillLog log)
{
    // A client that has waited so long asks again: somebody on the way may be stopped.
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<string, long> _accepted = [];
    private readonly ConcurrentQueue<string> _wrong = [];
    private int _next;

    /// <summary>The users that a 201 was received for: address and id.</summary>
    public IReadOnlyDictionary<string, long> Accepted => _accepted;

    /// <summary>Answers that must not be.</summary>
    public IReadOnlyCollection<string> Wrong => _wrong;

    public string Domain => $"drill-{plan.Seed}.example.org";

    /// <summary>Goes on until there are enough and <paramref name="enough"/> says so; every request that was begun comes to its end.</summary>
    public Task RunAsync(CancellationToken enough, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, plan.Clients).Select(client => RunClientAsync(client, enough, cancellation)));

    private async Task RunClientAsync(int client, CancellationToken enough, CancellationToken cancellation)
    {
        Random random = new(plan.Seed + client);
        while (_accepted.Count < plan.Users || !enough.IsCancellationRequested)
        {
            int number = Interlocked.Increment(ref _next);
            string email = $"user{number}@{Domain}";
            long id = await AnswerAsync(number, email, cancellation);
            if (!_accepted.TryAdd(email, id)) _wrong.Enqueue($"{email} was accepted twice");
            if (random.Next(10) == 0 && await AnswerAsync(number, email, cancellation) is var again && again != id)
                _wrong.Enqueue($"{email} was user {id}, and user {again} when asked again with the same key");
            await ThinkAsync(random.NextDouble(), cancellation);
        }
    }

    /// <summary>Asks until the answer is definite.</summary>
    /// <returns>The user's id.</returns>
    private async Task<long> AnswerAsync(int number, string email, CancellationToken cancellation)
    {
        for (int failures = 0; ; failures++)
        {
            if (failures > 0) await ThinkAsync(Math.Min(failures, 10), cancellation);
            try
            {
                using HttpResponseMessage answer = await PostAsync(number, email, cancellation);
                string body = await answer.Content.ReadAsStringAsync(cancellation);
                if (answer.StatusCode == HttpStatusCode.Created) return (long)JsonNode.Parse(body)!["id"]!;
                log.Refused(email, $"{(int)answer.StatusCode} {TypeOf(body)}");
                if ((int)answer.StatusCode < 500) _wrong.Enqueue($"{email}: {(int)answer.StatusCode} {body}");
                if ((int)answer.StatusCode < 500) return 0;
            }
            catch (HttpRequestException fault)
            {
                log.Refused(email, $"no answer: {fault.HttpRequestError}");
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                log.Refused(email, "no answer in time");
            }
        }
    }

    /// <summary>The load is that of people, who pause, and of clients that back off; nothing is waited for.</summary>
    private static Task ThinkAsync(double pauses, CancellationToken cancellation) => Task.Delay(Pause * pauses, TimeProvider.System, cancellation);

    private async Task<HttpResponseMessage> PostAsync(int number, string email, CancellationToken cancellation)
    {
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        late.CancelAfter(AnswerMax);
        using HttpRequestMessage request = new(HttpMethod.Post, "/users") { Content = JsonContent.Create(new { name = $"User {number}", email }) };
        request.Headers.Add("Idempotency-Key", $"drill-{plan.Seed}-{number}");
        return await system.Gateway.SendAsync(request, late.Token);
    }

    // A refusal has a stated cause: the type of its problem.
    private string TypeOf(string body)
    {
        try
        {
            if (JsonNode.Parse(body)?["type"] is { } type) return type.ToString();
        }
        catch (JsonException)
        {
            // Told below.
        }

        _wrong.Enqueue($"a refusal without a cause: {body}");
        return "without a cause";
    }
}
