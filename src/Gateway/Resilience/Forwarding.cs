using System.Net;
using Quintet.Gateway.Routes;
using Yarp.ReverseProxy.Model;

namespace Quintet.Gateway.Resilience;

/// <summary>
/// What one request has gone through so far; a feature of its HttpContext. Guarded by _gate: the clock, since the body's end and the
/// answer's head come on different threads.
/// </summary>
/// <param name="service">Who is to answer.</param>
/// <param name="mayRepeat">The request may reach two instances without harm, and is kept so that it can.</param>
/// <param name="budgets">What repetitions are taken from.</param>
/// <param name="time">The clock.</param>
internal sealed class Forwarding(ServiceRoutes service, bool mayRepeat, RetryBudgets budgets, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<DestinationState> _tried = [];
    private readonly long _started = time.GetTimestamp();
    private CancellationTokenSource? _clock;
    private CancellationTokenRegistration _clientGone;
    private TimeSpan _limit;
    private bool _wasAnswered;

    public ServiceRoutes Service => service;

    public bool MayRepeat => mayRepeat;

    public TimeSpan Elapsed => time.GetElapsedTime(_started);

    /// <summary>The instances that were tried, the last one last.</summary>
    public IReadOnlyList<DestinationState> Tried => _tried;

    /// <summary>How many instances the request may have reached; refused connections do not count.</summary>
    public int Sent { get; set; }

    /// <summary>How long the client waits, from the request on; null when it does not say.</summary>
    public TimeSpan? ClientDeadline { get; init; }

    /// <summary>
    /// The instance is told how long the gateway waits. Not so where the gateway's clock starts long after the request's head, behind a large
    /// body, or where the request is a conversation.
    /// </summary>
    public bool TellsDeadline { get; init; }

    /// <summary>The body; null when there is none.</summary>
    public RequestBody? Body { get; set; }

    /// <summary>There will be no further try, so that a bad status is passed on as it is.</summary>
    public bool IsLastTry { get; set; }

    /// <summary>The instance's answer was thrown away in favour of another try.</summary>
    public bool WasRejected { get; private set; }

    /// <summary>The try was ended because no answer began in time.</summary>
    public bool WasLate { get; private set; }

    /// <summary>Begins a try; the token ends it when no answer begins within the limit or the client goes away.</summary>
    public CancellationToken Begin(TimeSpan limit, CancellationToken clientGone)
    {
        Dispose();
        lock (_gate)
        {
            _clock = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            _limit = limit;
            _wasAnswered = WasRejected = WasLate = false;
            if (Body is null) _clock.CancelAfter(limit); // with a body the clock starts at its end
        }

        _clientGone = clientGone.UnsafeRegister(static clock => ((CancellationTokenSource)clock!).Cancel(), _clock);
        return _clock.Token;
    }

    /// <summary>How long whoever waits least still waits; null when nobody says so.</summary>
    /// <param name="limit">How long the gateway waits for this try.</param>
    public TimeSpan? DeadlineOf(TimeSpan limit)
    {
        TimeSpan? client = ClientDeadline - Elapsed;
        return TellsDeadline && !(client < limit) ? limit : client;
    }

    /// <summary>The try is over; remembers whom it went to.</summary>
    public void End(DestinationState? instance, bool clientIsGone)
    {
        WasLate = _clock!.IsCancellationRequested && !clientIsGone;
        if (instance is not null) _tried.Add(instance);
    }

    /// <summary>The body has been read to its end, from now on the instance owes an answer.</summary>
    public void BodyEnded()
    {
        lock (_gate)
            if (!_wasAnswered) _clock?.CancelAfter(_limit);
    }

    /// <summary>The head of an answer is here; from now on only silence ends the request (<c>Timeouts:Idle</c>).</summary>
    /// <returns>True to throw the answer away and try another instance.</returns>
    public bool Reject(HttpResponseMessage answer)
    {
        lock (_gate)
        {
            _wasAnswered = true;
            _clock?.CancelAfter(Timeout.InfiniteTimeSpan);
        }

        WasRejected = MayRepeat && !IsLastTry && answer.Headers.RetryAfter is null && !(ClientDeadline <= Elapsed)
            && answer.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
            && budgets.TrySpend(service.Name); // asked last: without a budget the client gets the service's own answer
        return WasRejected;
    }

    public void Dispose()
    {
        _clientGone.Dispose();
        lock (_gate)
        {
            _clock?.Dispose();
            _clock = null;
        }
    }
}
