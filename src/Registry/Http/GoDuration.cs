using System.Buffers;
using System.Globalization;

namespace Quintet.Registry.Http;

/// <summary>Durations as Go writes them: <c>1h0m0s</c>, <c>1.5s</c>, <c>500ms</c>, <c>0</c>.</summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        ReadOnlySpan<char> rest = text;
        bool isNegative = rest.StartsWith("-");
        if (isNegative || rest.StartsWith("+")) rest = rest[1..];
        if (rest is "0") return true;
        if (rest.IsEmpty) return false;

        double ticks = 0;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
                return false;
            rest = rest[digits..];
            int unitLength = rest.IndexOfAny(NumberCharacters);
            ReadOnlySpan<char> unit = unitLength < 0 ? rest : rest[..unitLength];
            if (TicksOf(unit) is not { } unitTicks) return false;
            ticks += number * unitTicks;
            rest = rest[unit.Length..];
        }

        if (ticks > TimeSpan.MaxValue.Ticks / 2.0) return false;
        duration = TimeSpan.FromTicks((long)Math.Round(isNegative ? -ticks : ticks));
        return true;
    }

    private static double? TicksOf(ReadOnlySpan<char> unit) => unit switch
    {
        "ns" => 0.01,
        "us" or "µs" or "μs" => TimeSpan.TicksPerMicrosecond,
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        _ => null,
    };
}
