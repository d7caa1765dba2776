using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Quintet.Registry.Catalog;
using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Sessions;

/// <summary>Reads the body of <c>/v1/session/create</c>. An empty one, <c>null</c> and <c>{}</c> are alike.</summary>
internal static class SessionDefinition
{
    private static readonly TimeSpan TtlMin = TimeSpan.FromSeconds(10); // these three are Consul's
    private static readonly TimeSpan TtlMax = TimeSpan.FromDays(1);
    private static readonly TimeSpan LockDelayDefault = TimeSpan.FromSeconds(15);

    public static SessionRow Parse(ReadOnlyMemory<byte> body)
    {
        JsonFields fields = body.Span.TrimStart(" \t\r\n"u8).IsEmpty ? default : JsonFields.Parse(body);
        string ttl = fields.Text("TTL");
        return new SessionRow
        {
            Id = Guid.NewGuid().ToString(),
            Name = fields.Text("Name"),
            Node = fields.Text("Node"),
            LockDelay = LockDelayOf(fields),
            Behavior = BehaviorOf(fields.Text("Behavior")),
            TtlText = ttl,
            Ttl = TtlOf(ttl),
            NodeChecks = NodeChecksOf(fields),
            ServiceChecks = [.. fields.Elements("ServiceChecks").Select(element => new JsonFields(element).Text("ID"))],
        };
    }

    private static ImmutableArray<string> NodeChecksOf(JsonFields fields) =>
        fields.Has("NodeChecks") ? fields.List("NodeChecks") : fields.Has("Checks") ? fields.List("Checks") : [LocalNode.AliveCheck];

    private static string BehaviorOf(string text) => text switch
    {
        "" or "release" => "release",
        "delete" => "delete",
        _ => throw new RefusalException(500, $"Invalid Behavior setting '{text}'"),
    };

    /// <summary>Old clients send seconds: a number below a thousand cannot be meant as nanoseconds.</summary>
    private static TimeSpan LockDelayOf(JsonFields fields)
    {
        if (fields.Find("LockDelay") is not { } value) return LockDelayDefault;
        TimeSpan delay = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number < 1000
            ? TimeSpan.FromSeconds(Math.Max(0, number))
            : fields.Duration("LockDelay");
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay;
    }

    private static TimeSpan TtlOf(string text)
    {
        if (text.Length == 0) return TimeSpan.Zero;
        if (!GoDuration.TryParse(text, out TimeSpan ttl))
            throw new RefusalException(500, $"Session TTL '{text}' invalid: time: invalid duration \"{text}\"");
        if (ttl != TimeSpan.Zero && (ttl < TtlMin || ttl > TtlMax))
            throw new RefusalException(
                500, string.Create(CultureInfo.InvariantCulture, $"Invalid Session TTL '{ttl.Ticks * 100}', must be between [10s=24h0m0s]"));
        return ttl;
    }
}
