using Microsoft.Extensions.Options;
using Quintet.Chassis.Deadlines;

namespace Quintet.Chassis.Calls;

/// <summary>
/// Stands before the repetitions: a call ends with the deadline of the work that makes it, or after its own time, whichever comes first, and
/// remembers that moment.
/// </summary>
internal sealed class CallDeadline(IOptions<CallOptions> options, TimeProvider time) : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<(long Begun, TimeSpan Limit)> Time = new("quintet.deadline");

    /// <summary>How long the caller still waits for the answer, over all tries.</summary>
    public static TimeSpan LeftOf(HttpRequestMessage request, TimeProvider time) =>
        request.Options.TryGetValue(Time, out (long Begun, TimeSpan Limit) call) ? call.Limit - time.GetElapsedTime(call.Begun) : TimeSpan.MaxValue;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        TimeSpan total = options.Value.TotalTimeout;
        Deadline? deadline = Deadline.Current;
        TimeSpan left = deadline?.Left ?? total;
        request.Options.Set(Time, (time.GetTimestamp(), left < total ? left : total));
        if (deadline is null) return await base.SendAsync(request, cancellationToken);

        if (left <= TimeSpan.Zero)
            throw new OperationCanceledException($"the deadline is over; '{request.RequestUri?.Host}' is not called any more", deadline.Over);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Over);
        return await base.SendAsync(request, either.Token);
    }
}
