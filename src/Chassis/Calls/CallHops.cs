using System.Globalization;
using Quintet.Chassis.Messaging;
using Quintet.Hosting.Telemetry;

namespace Quintet.Chassis.Calls;

/// <summary>Notes the calls that a handler makes for an event, each once with all of its repetitions, as stops of the event's story.</summary>
internal sealed class CallHops(Hops hops, TimeProvider time) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (EventInHand.Id is not { } eventId || !hops.IsOn) return await base.SendAsync(request, cancellationToken);

        long started = time.GetTimestamp();
        string outcome = "failed";
        string? detail = null;
        try
        {
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            outcome = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
            return answer;
        }
        catch (Exception fault)
        {
            detail = fault.Message;
            throw;
        }
        finally
        {
            hops.Note(new Hop(HopStage.Call, outcome)
            {
                EventId = eventId,
                Place = $"{request.Method} {request.RequestUri?.GetLeftPart(UriPartial.Path)}",
                Detail = detail,
                Duration = time.GetElapsedTime(started),
            });
        }
    }
}
