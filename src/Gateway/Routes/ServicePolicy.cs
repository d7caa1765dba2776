using System.Text.Json.Serialization;

namespace Quintet.Gateway.Routes;

/// <summary>
/// What a service asks of the gateway, the JSON value of the key <c>quintet/gateway/&lt;service&gt;</c>. Absent members leave the
/// gateway's own options.
/// </summary>
internal sealed record ServicePolicy
{
    public static ServicePolicy Default { get; } = new();

    /// <summary>The largest body; replaces the gateway's <c>Limits:BodyBytesMax</c>.</summary>
    public long? BodyBytesMax { get; init; }

    /// <summary>Replaces <c>Timeouts:PerTry</c>.</summary>
    public TimeSpan? PerTryTimeout { get; init; }

    /// <summary>Replaces <c>Timeouts:Total</c>.</summary>
    public TimeSpan? TotalTimeout { get; init; }

    /// <summary>False sends every request once; replaces <c>Retry:Enabled</c>.</summary>
    public bool? Retry { get; init; }

    /// <summary>The service honours <c>Idempotency-Key</c>, so that a request with one may be repeated whatever its method.</summary>
    public bool HonoursIdempotencyKey { get; init; }

    /// <summary>What is wrong with the values, or null.</summary>
    public string? Fault() =>
        BodyBytesMax < 0 ? "bodyBytesMax is below 0"
        : PerTryTimeout is { } perTry && !IsUsable(perTry) ? "perTryTimeout is not above 0 and at most a day"
        : TotalTimeout is { } total && !IsUsable(total) ? "totalTimeout is not above 0 and at most a day"
        : null;

    private static bool IsUsable(TimeSpan time) => time > TimeSpan.Zero && time <= TimeSpan.FromDays(1);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ServicePolicy))]
[JsonSerializable(typeof(RouteTable))]
internal sealed partial class RouteJson : JsonSerializerContext;
