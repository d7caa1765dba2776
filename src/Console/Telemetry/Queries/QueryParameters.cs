using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>The query of a request, read strictly: what cannot be read or is not known is named.</summary>
internal sealed class QueryParameters(IQueryCollection query, TimeProvider clock)
{
    public const string AttributePrefix = "attribute.";

    private static readonly TimeSpan DefaultRange = TimeSpan.FromMinutes(15);

    private readonly HashSet<string> _known = [];

    public string? Text(string name)
    {
        _known.Add(name);
        return query[name] is [{ Length: > 0 } value, ..] ? value : null;
    }

    public int? Number(string name) => Read<int>(name, "a number", text =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null);

    public bool? Flag(string name) => Read<bool>(name, "true or false", text => bool.TryParse(text, out bool flag) ? flag : null);

    public double? Share(string name) => Read<double>(name, "a number", text =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) ? share : null);

    public TimeSpan? Duration(string name) => Read<TimeSpan>(name, "a duration such as 250ms, 10s, 15m, 2h or 3d", ReadDuration);

    public TEnum? Choice<TEnum>(string name)
        where TEnum : struct, Enum =>
        Read<TEnum>(name, $"one of {string.Join(", ", Enum.GetNames<TEnum>()).ToLowerInvariant()}", text =>
            !char.IsDigit(text[0]) && Enum.TryParse(text, ignoreCase: true, out TEnum choice) ? choice : null);

    /// <summary><c>from</c> and <c>to</c>, or the <c>last</c> so long; the last 15 min otherwise.</summary>
    public TimeRange Range()
    {
        DateTimeOffset to = Time("to") ?? clock.GetUtcNow();
        TimeSpan last = Duration("last") ?? DefaultRange;
        DateTimeOffset from = Time("from") ?? (to - DateTimeOffset.UnixEpoch > last ? to - last : DateTimeOffset.UnixEpoch);
        return from < to ? new TimeRange(from, to) : throw new InvalidQueryException("to", "must be after from");
    }

    /// <summary>All <c>attribute.name=value</c>.</summary>
    public Dictionary<string, string> Attributes() => query.Where(pair => IsAttribute(pair.Key))
        .ToDictionary(pair => pair.Key[AttributePrefix.Length..], pair => pair.Value.ToString());

    /// <summary>Called when everything was read: a misspelt parameter would otherwise widen a search without a word.</summary>
    public void RefuseUnknown()
    {
        if (query.Keys.FirstOrDefault(key => !_known.Contains(key) && !IsAttribute(key)) is { } unknown)
            throw new InvalidQueryException(unknown, $"is not known here; known are {string.Join(", ", _known.Order())}");
    }

    private static bool IsAttribute(string key) => key.StartsWith(AttributePrefix, StringComparison.Ordinal);

    private static TimeSpan? ReadDuration(string text)
    {
        int digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        if (!double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)) return null;
        double? seconds = text[digits..] switch
        {
            "ms" => number / 1000,
            "s" or "" => number,
            "m" => number * 60,
            "h" => number * 3600,
            "d" => number * 86400,
            _ => null,
        };
        return seconds < 1e9 ? TimeSpan.FromSeconds(seconds.Value) : null;
    }

    private DateTimeOffset? Time(string name) => Read<DateTimeOffset>(name, "a time such as 2026-06-01T12:00:00Z", text =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null);

    private T? Read<T>(string name, string kind, Func<string, T?> read)
        where T : struct =>
        Text(name) is not { } text ? null : read(text) ?? throw new InvalidQueryException(name, $"must be {kind}");
}
