using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quintet.Client.Broker;

/// <summary>A queue as the management API shows it. RabbitMQ counts every few seconds and leaves out what it has not counted yet.</summary>
public sealed record QueueInfo(
    string Name, string Vhost, string? Type, bool Durable, string? State, long Messages, long MessagesReady, long MessagesUnacknowledged, long Consumers)
{
    /// <summary>The policy in force, by name.</summary>
    public string? Policy { get; init; }

    /// <summary>The arguments it was declared with.</summary>
    public JsonElement Arguments { get; init; }

    /// <summary>What its policies set; an empty list where RabbitMQ means an empty object.</summary>
    public JsonElement EffectivePolicyDefinition { get; init; }

    /// <summary>Seconds since 1970 in the timestamp of the message that is next, where it has one and the broker looks.</summary>
    public long? HeadMessageTimestamp { get; init; }

    /// <summary>When the message that is next was published, as its publisher said.</summary>
    [JsonIgnore]
    public DateTimeOffset? Oldest => HeadMessageTimestamp is > 0 and < 253_402_300_800 and var seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>Only when one queue is asked for.</summary>
    public IReadOnlyList<ConsumerInfo>? ConsumerDetails { get; init; }

    /// <summary>What happened to its messages, with rates; left out until something has.</summary>
    public JsonElement MessageStats { get; init; }

    /// <summary>A text among the arguments (<c>x-</c> and the name) or in the policy; null when neither has it.</summary>
    public string? Setting(string name) => Text(Arguments, $"x-{name}") ?? Text(EffectivePolicyDefinition, name);

    /// <summary>How often something happens to its messages, each second: <c>publish</c>, <c>ack</c>, <c>deliver_get</c>; null while it is not known.</summary>
    public double? Rate(string happening) =>
        MessageStats.ValueKind == JsonValueKind.Object && MessageStats.TryGetProperty($"{happening}_details", out JsonElement details)
            && details.ValueKind == JsonValueKind.Object && details.TryGetProperty("rate", out JsonElement rate) && rate.TryGetDouble(out double perSecond)
                ? perSecond
                : null;

    private static string? Text(JsonElement settings, string name) =>
        settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}

/// <summary>A consumer of a queue; the channel is an object, or an empty list while it is unknown.</summary>
public sealed record ConsumerInfo(string ConsumerTag, bool AckRequired, bool Exclusive, int PrefetchCount, JsonElement ChannelDetails);

/// <summary>A binding to a queue or an exchange.</summary>
public sealed record BindingInfo(string Source, string Vhost, string Destination, string DestinationType, string RoutingKey);

/// <summary>A message that was looked at. Properties are an object, or an empty list when there are none.</summary>
public sealed record PeekedMessage(
    string Exchange, string RoutingKey, bool Redelivered, long PayloadBytes, string Payload, string PayloadEncoding, JsonElement Properties);

/// <summary>An open connection.</summary>
public sealed record ConnectionInfo(string Name, string? User, string? Vhost, string? State, int Channels, string? UserProvidedName);

/// <summary>A user; the tags are a list, or in old versions a text.</summary>
public sealed record UserInfo(string Name, JsonElement Tags)
{
    /// <summary>Four octets of salt and the hash of salt and password, as base64.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>How it is hashed: <c>rabbit_password_hashing_sha256</c>.</summary>
    public string? HashingAlgorithm { get; init; }
}

/// <summary>What the broker is.</summary>
public sealed record OverviewInfo(string? RabbitmqVersion, string? ProductName, string? ProductVersion);

/// <summary>A feature that a cluster takes into use as a whole.</summary>
public sealed record FeatureFlagInfo(string Name, string State);

/// <summary>An exchange.</summary>
public sealed record ExchangeInfo(string Name, string Vhost, string Type, bool Durable);

/// <summary>Which routing keys a user may publish to a topic exchange, and which it may bind.</summary>
public sealed record TopicPermissionInfo(string User, string Vhost, string Exchange, string Write, string Read);

/// <summary>What a user may do in a virtual host.</summary>
public sealed record PermissionInfo(string User, string Vhost, string Configure, string Write, string Read);

/// <summary>A virtual host.</summary>
public sealed record VhostInfo(string Name, string? Description, long Messages);

/// <summary>A policy.</summary>
public sealed record PolicyInfo(
    string Vhost, string Name, string Pattern, [property: JsonPropertyName("apply-to")] string ApplyTo, JsonElement Definition, int Priority);

internal sealed record PeekJson(int Count, string Ackmode, string Encoding, int? Truncate);

internal sealed record UserJson(string Password, string Tags);

internal sealed record PermissionJson(string Configure, string Write, string Read);

internal sealed record ExchangeJson(string Type, bool Durable);

internal sealed record TopicPermissionJson(string Exchange, string Write, string Read);

internal sealed record PolicyJson(string Pattern, [property: JsonPropertyName("apply-to")] string ApplyTo, JsonElement Definition, int Priority);

internal sealed record FaultJson(JsonElement Error, JsonElement Reason);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(List<QueueInfo>))]
[JsonSerializable(typeof(List<BindingInfo>))]
[JsonSerializable(typeof(List<PeekedMessage>))]
[JsonSerializable(typeof(List<ConnectionInfo>))]
[JsonSerializable(typeof(List<UserInfo>))]
[JsonSerializable(typeof(List<PermissionInfo>))]
[JsonSerializable(typeof(List<VhostInfo>))]
[JsonSerializable(typeof(List<PolicyInfo>))]
[JsonSerializable(typeof(OverviewInfo))]
[JsonSerializable(typeof(List<FeatureFlagInfo>))]
[JsonSerializable(typeof(List<ExchangeInfo>))]
[JsonSerializable(typeof(List<TopicPermissionInfo>))]
[JsonSerializable(typeof(ExchangeJson))]
[JsonSerializable(typeof(TopicPermissionJson))]
[JsonSerializable(typeof(PeekJson))]
[JsonSerializable(typeof(UserJson))]
[JsonSerializable(typeof(PermissionJson))]
[JsonSerializable(typeof(PolicyJson))]
[JsonSerializable(typeof(FaultJson))]
internal sealed partial class BrokerApiJson : JsonSerializerContext;
