using Polly;
using Quintet.Chassis.Telemetry;

namespace Quintet.Chassis.Calls;

/// <summary>
/// Lets so many calls to one service be in hand at once; others wait a little and then fail, so that a service that hangs holds only its share
/// of this process' requests, memory and sockets.
/// </summary>
internal sealed class Bulkhead(CalledService service, CallOptions options, TimeProvider time) : ResilienceStrategy<HttpResponseMessage>
{
    protected override async ValueTask<Outcome<HttpResponseMessage>> ExecuteCore<TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<HttpResponseMessage>>> callback, ResilienceContext context, TState state)
    {
        if (!await EnterAsync(context.CancellationToken))
        {
            ChassisMeter.Crowded.Add(1, new KeyValuePair<string, object?>("service", service.Name));
            return Outcome.FromException<HttpResponseMessage>(new HttpRequestException(
                $"{options.InHandMax} calls of '{service.Name}' are in hand and no room came free within {options.CrowdWait.TotalMilliseconds:0} ms; "
                + "this one was not made (Calls:InHandMax)"));
        }

        try
        {
            return await callback(context, state);
        }
        finally
        {
            service.Room.Release();
        }
    }

    private async Task<bool> EnterAsync(CancellationToken cancellation)
    {
        if (await service.Room.WaitAsync(TimeSpan.Zero, cancellation)) return true;
        using CancellationTokenSource late = new(options.CrowdWait, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        try
        {
            await service.Room.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
