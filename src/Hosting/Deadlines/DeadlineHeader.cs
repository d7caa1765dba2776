using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Quintet.Hosting.Deadlines;

/// <summary>
/// <c>X-Request-Deadline</c>: how many milliseconds the sender still waits for the head of the answer. A duration and not a time of day, so
/// that no clocks need to agree.
/// </summary>
public static class DeadlineHeader
{
    /// <summary>The field's name.</summary>
    public const string Name = "X-Request-Deadline";

    /// <summary>What the field says, at most 24 days; null when it is absent or no whole number.</summary>
    public static TimeSpan? Read(IHeaderDictionary headers)
    {
        StringValues given = headers[Name];
        return given.Count == 1 && long.TryParse(given[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long milliseconds)
            ? TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, int.MaxValue))
            : null;
    }

    /// <summary>The field's value: rounded down, and 0 when nothing is left.</summary>
    public static string Write(TimeSpan left) => ((long)Math.Max(0, left.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
}
