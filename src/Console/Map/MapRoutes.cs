using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Quintet.Console.Parts;
using Quintet.Console.Telemetry;
using Quintet.Console.Telemetry.Queries;

namespace Quintet.Console.Map;

/// <summary>The map as JSON, for <c>quintet map</c> and for scripts.</summary>
internal static class MapRoutes
{
    /// <param name="api">The group of questions about what was seen, whose faults it shares.</param>
    public static void MapSystemMap(this RouteGroupBuilder api) => api.MapGet("/map", GetAsync);

    private static async Task<IResult> GetAsync(
        HttpRequest request, MapReader map, SystemFeed feed, TimeProvider clock, CancellationToken cancellationToken)
    {
        QueryParameters asked = new(request.Query, clock);
        TimeRange range = asked.Range();
        asked.RefuseUnknown();
        // Somebody who has just changed something asks how it is now.
        SystemPicture picture = await feed.NextAsync(cancellationToken);
        return TelemetryRoutes.Answer(MapAnswer.Of(await map.ReadAsync(picture, range, cancellationToken), range.From, range.To));
    }
}
