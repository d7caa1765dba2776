using System.Globalization;
using Quintet.Console.Parts;

namespace Quintet.Terminal;

/// <summary>Figures as a terminal shows them; what is not known is a dash.</summary>
internal static class Words
{
    private const string Unknown = "-";

    public static string Rate(double? perSecond) => perSecond switch
    {
        null => Unknown,
        0 => "0/s",
        < 0.1 => string.Create(CultureInfo.InvariantCulture, $"{perSecond * 60:0.##}/min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{perSecond:0.#}/s"),
    };

    public static string Percent(double? share) => share is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known * 100:0.#} %") : Unknown;

    public static string Duration(double? seconds) => seconds is { } known ? Figures.Duration(TimeSpan.FromSeconds(known)) : Unknown;

    /// <summary>What others named may hold anything; a terminal obeys control characters.</summary>
    public static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c));
}
