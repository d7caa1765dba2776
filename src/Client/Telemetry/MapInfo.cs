using System.Text.Json.Serialization;

namespace Quintet.Client.Telemetry;

/// <summary>Who gives what to whom in a system.</summary>
/// <param name="From">The beginning of the time in which it was looked at.</param>
/// <param name="To">The end of it.</param>
/// <param name="Nodes">Gateway, services, queues and what is around them.</param>
/// <param name="Edges">What is between them.</param>
public sealed record MapInfo(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<MapNodeInfo> Nodes, IReadOnlyList<MapEdgeInfo> Edges);

/// <summary>One thing on the map.</summary>
/// <param name="Id">Unique: <c>service:users</c>.</param>
/// <param name="Kind">outside, gateway, service, queue, exchange, database, mail or host.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Layer">outside, gateway, front, broker, behind or stores, from left to right.</param>
/// <param name="Level">ok, warning, failing or idle; null for what the console cannot ask.</param>
/// <param name="Says">The same in words.</param>
/// <param name="Instances">Its processes.</param>
/// <param name="Ready">Those that are ready.</param>
/// <param name="Waiting">Messages in a queue.</param>
/// <param name="DeadLetters">Those of them that were given up.</param>
public sealed record MapNodeInfo(
    string Id, string Kind, string Name, string Layer, string? Level, string Says, int Instances, int Ready, long Waiting, long DeadLetters);

/// <summary>One way that something takes.</summary>
/// <param name="From">The id of the node that calls, publishes or hands out.</param>
/// <param name="To">The id of the other.</param>
/// <param name="State">seen, unseen, undeclared or unmeasured.</param>
/// <param name="What">What goes this way, as it was declared.</param>
/// <param name="Count">How often in the whole time; null where nothing was seen, or a rate only.</param>
/// <param name="Rate">How often a second.</param>
/// <param name="ErrorShare">The share that failed, 0 to 1.</param>
/// <param name="P50">Seconds that half of it took at most.</param>
/// <param name="P99">Seconds that nearly all of it took at most.</param>
/// <param name="Recent">Whether the figures are those of the last minute; otherwise of the whole time.</param>
public sealed record MapEdgeInfo(
    string From, string To, string State, string What, long? Count, double? Rate, double? ErrorShare, double? P50, double? P99, bool Recent);

/// <summary>Requests of the gateway or of a service.</summary>
/// <param name="Service">Its name in telemetry; boxes have <c>quintet-</c> before theirs.</param>
/// <param name="Total">All of the time together.</param>
/// <param name="Points">Each step.</param>
public sealed record RequestsInfo(string Service, RequestFigureInfo Total, IReadOnlyList<RequestFigureInfo> Points);

/// <summary>Figures of some time; null where nothing was measured.</summary>
/// <param name="Time">When it begins.</param>
/// <param name="Rate">Requests a second.</param>
/// <param name="ErrorRate">Those that failed, a second.</param>
/// <param name="P50">Seconds that half of the answers took at most.</param>
/// <param name="P99">Seconds that nearly all of them took at most.</param>
public sealed record RequestFigureInfo(DateTimeOffset Time, double? Rate, double? ErrorRate, double? P50, double? P99);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(MapInfo))]
[JsonSerializable(typeof(List<RequestsInfo>))]
internal sealed partial class ConsoleFiguresJson : JsonSerializerContext;
