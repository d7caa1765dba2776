using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Quintet.Chassis.Http;

/// <summary>
/// Lists in pages by id: <c>?limit=</c> (1 to <see cref="LimitMax"/>, default <see cref="LimitDefault"/>) and <c>?after=</c>, the last id of the
/// page before. Unlike page numbers it skips and repeats nothing while rows come and go.
/// </summary>
/// <param name="After">The id to go on after; 0 for the first page.</param>
/// <param name="Limit">How many at most.</param>
public sealed record Paging(long After, int Limit)
{
    /// <summary>A page's size when the request names none.</summary>
    public const int LimitDefault = 50;

    /// <summary>The largest page.</summary>
    public const int LimitMax = 500;

    /// <summary>Reads the two parameters; what is wrong with them is added to <paramref name="faults"/>.</summary>
    public static Paging Read(HttpRequest request, Faults faults)
    {
        long limit = Number(request, "limit", LimitDefault);
        long after = Number(request, "after", 0);
        faults.Check(limit is >= 1 and <= LimitMax, "limit", $"must be 1 to {LimitMax}").Check(after >= 0, "after", "must be an id");
        return new Paging(after, (int)Math.Clamp(limit, 1, LimitMax));
    }

    /// <summary>The address of the next page, or null when this one was not full.</summary>
    /// <param name="request">The request for this page.</param>
    /// <param name="count">How many rows this page has.</param>
    /// <param name="lastId">The id of its last row.</param>
    public string? Next(HttpRequest request, int count, long lastId)
    {
        if (count < Limit) return null;
        IEnumerable<KeyValuePair<string, string?>> others = request.Query
            .Where(pair => pair.Key is not ("limit" or "after"))
            .SelectMany(pair => pair.Value, (pair, value) => KeyValuePair.Create(pair.Key, value));
        return request.Path + QueryString.Create(others)
            .Add("limit", Limit.ToString(CultureInfo.InvariantCulture))
            .Add("after", lastId.ToString(CultureInfo.InvariantCulture));
    }

    private static long Number(HttpRequest request, string name, long absent) =>
        !request.Query.TryGetValue(name, out var text) ? absent
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
        : -1;
}
