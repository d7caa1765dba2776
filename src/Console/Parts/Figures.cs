using System.Globalization;

namespace Quintet.Console.Parts;

/// <summary>Numbers for people: thin spaces between thousands, the fitting unit, never more digits than mean something.</summary>
internal static class Figures
{
    private const string ThinSpace = "\u2009";

    private static readonly NumberFormatInfo Format = new() { NumberGroupSeparator = ThinSpace, NumberGroupSizes = [3], NegativeSign = "\u2212" };

    public static string Number(double value) => value.ToString(Math.Abs(value) is > 0 and < 10 && value != Math.Floor(value) ? "0.#" : "#,0", Format);

    /// <summary><c>1 process</c>, <c>3 processes</c>.</summary>
    public static string Count(long count, string what) => $"{Number(count)} {(count == 1 ? what : what.EndsWith('s') ? $"{what}es" : $"{what}s")}";

    /// <summary>As /s; a rate that is not known is a dash.</summary>
    public static string Rate(double? perSecond) => perSecond switch
    {
        null => "\u2013",
        > 0 and < 0.1 => $"{Number(perSecond.Value * 60)}/min",
        _ => $"{Number(perSecond.Value)}/s",
    };

    public static string Size(double bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        int unit = 0;
        for (; Math.Abs(bytes) >= 1024 && unit < units.Length - 1; unit++) bytes /= 1024;
        return $"{(unit == 0 ? bytes.ToString("0", Format) : bytes.ToString(bytes < 10 ? "0.0" : "0", Format))} {units[unit]}";
    }

    public static string Megabytes(double megabytes) => Size(megabytes * 1024 * 1024);

    public static string Percent(double share) => $"{(share * 100).ToString(share < 0.1 ? "0.0" : "0", Format)} %";

    public static string Duration(TimeSpan span) => span switch
    {
        { Ticks: < 0 } => $"{Format.NegativeSign}{Duration(-span)}",
        { Ticks: 0 } => "0 ms",
        { TotalMilliseconds: < 1 } => $"{span.TotalMicroseconds.ToString("0", Format)} µs",
        { TotalSeconds: < 1 } => $"{span.TotalMilliseconds.ToString(span.TotalMilliseconds < 10 ? "0.0" : "0", Format)} ms",
        { TotalSeconds: < 60 } => $"{span.TotalSeconds.ToString(span.TotalSeconds < 10 ? "0.##" : "0.#", Format)} s",
        { TotalMinutes: < 60 } => $"{span.Minutes} min {span.Seconds} s",
        { TotalHours: < 48 } => $"{(int)span.TotalHours} h {span.Minutes} min",
        _ => $"{(int)span.TotalDays} d {span.Hours} h",
    };

    /// <summary>A coordinate in a drawing.</summary>
    public static string Point(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
