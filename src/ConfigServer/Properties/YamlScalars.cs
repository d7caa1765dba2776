using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Quintet.ConfigServer.Properties;

/// <summary>
/// The types of plain scalars in YAML 1.1 (yaml.org/type), which is what Spring's clients expect: <c>yes</c> is true, <c>010</c> is eight
/// and <c>1:30</c> is ninety. Timestamps stay text.
/// </summary>
internal static partial class YamlScalars
{
    // Reading a number takes more than linear time; nobody writes a longer one in earnest.
    private const int NumberLengthMax = 400;

    /// <summary>The value of a plain scalar; null means YAML's null.</summary>
    public static PropertyValue? Resolve(string text)
    {
        if (text is "" or "~" or "null" or "Null" or "NULL") return null;
        if (text.Length > NumberLengthMax) return PropertyValue.Of(text);
        if (Boolean(text) is { } truth) return new PropertyValue(ScalarKind.Boolean, truth ? "true" : "false");
        if (Integer().IsMatch(text)) return new PropertyValue(ScalarKind.Number, IntegerOf(text).ToString(CultureInfo.InvariantCulture));
        if (Float().IsMatch(text)) return FloatOf(text);
        return PropertyValue.Of(text);
    }

    /// <summary>Whether a plain scalar with these characters is read as just this text.</summary>
    public static bool IsPlainText(string text) => Resolve(text) is { Kind: ScalarKind.Text } read && read.Text == text;

    private static bool? Boolean(string text) => text switch
    {
        "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" => true,
        "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" => false,
        _ => null,
    };

    private static BigInteger IntegerOf(string text)
    {
        string digits = text.Replace("_", "", StringComparison.Ordinal);
        bool isNegative = digits[0] == '-';
        digits = digits.TrimStart('+', '-');
        BigInteger value =
            digits.StartsWith("0b", StringComparison.Ordinal) ? Parse(digits[2..], 2)
            : digits.StartsWith("0x", StringComparison.Ordinal) ? Parse(digits[2..], 16)
            : digits.Contains(':', StringComparison.Ordinal) ? Sexagesimal(digits)
            : digits.Length > 1 && digits[0] == '0' ? Parse(digits[1..], 8)
            : Parse(digits, 10);
        return isNegative ? -value : value;
    }

    private static BigInteger Parse(string digits, int radix) =>
        radix == 10
            ? BigInteger.Parse(digits, CultureInfo.InvariantCulture)
            : digits.Aggregate(BigInteger.Zero, (sum, digit) => sum * radix + Convert.ToInt32(digit.ToString(), 16));

    private static BigInteger Sexagesimal(string digits) =>
        digits.Split(':').Aggregate(BigInteger.Zero, (sum, part) => sum * 60 + BigInteger.Parse(part, CultureInfo.InvariantCulture));

    private static PropertyValue FloatOf(string text)
    {
        if (Special(text)) return PropertyValue.Of(SpecialOf(text));
        string digits = text.Replace("_", "", StringComparison.Ordinal);
        bool isNegative = digits[0] == '-';
        digits = digits.TrimStart('+', '-');
        double value = digits.Split(':').Aggregate(0d, (sum, part) => sum * 60 + double.Parse(part, NumberStyles.Float, CultureInfo.InvariantCulture));
        if (double.IsInfinity(value)) return PropertyValue.Of(text); // larger than a double: the text loses nothing
        return new PropertyValue(ScalarKind.Number, Print(isNegative ? -value : value));
    }

    // JSON has no way to write these numbers; the names are those that Java prints.
    private static string SpecialOf(string text) =>
        text.EndsWith("nan", StringComparison.OrdinalIgnoreCase) ? "NaN" : text[0] == '-' ? "-Infinity" : "Infinity";

    private static bool Special(string text) =>
        text.TrimStart('+', '-') is ".inf" or ".Inf" or ".INF" || text is ".nan" or ".NaN" or ".NAN";

    /// <summary>As Java prints a double: always with a fraction, and with an exponent below a thousandth and from ten millions on.</summary>
    private static string Print(double value)
    {
        string sign = double.IsNegative(value) ? "-" : "";
        double size = Math.Abs(value);
        string shortest = size.ToString("R", CultureInfo.InvariantCulture);
        if (size is 0 or (>= 1e-3 and < 1e7)) return sign + (shortest.Contains('.', StringComparison.Ordinal) ? shortest : shortest + ".0");

        // "12345678" and "1.2E-05" alike become digits and the place of the point.
        string[] parts = shortest.Split('E');
        int exponent = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        string[] halves = parts[0].Split('.');
        string all = string.Concat(halves);
        string digits = all.TrimStart('0');
        exponent += halves[0].Length - (all.Length - digits.Length) - 1;
        digits = digits.TrimEnd('0');
        return $"{sign}{digits[0]}.{(digits.Length > 1 ? digits[1..] : "0")}E{exponent.ToString(CultureInfo.InvariantCulture)}";
    }

    [GeneratedRegex(@"^(?:[-+]?0b[01_]*[01][01_]*|[-+]?0x[0-9a-fA-F_]*[0-9a-fA-F][0-9a-fA-F_]*|[-+]?0[0-7_]*|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])*)\z")]
    private static partial Regex Integer();

    [GeneratedRegex(
        @"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?"
        + @"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z")]
    private static partial Regex Float();
}
