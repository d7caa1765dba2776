using System.Globalization;

namespace Quintet.Console.Pages;

/// <summary>What the page of logs looks for, as it stands in its address.</summary>
internal sealed record LogSearch
{
    /// <summary>The severity from which records are shown unless told otherwise.</summary>
    public const int Information = 9;

    private const int DefaultMinutes = 60;

    public string Text { get; init; } = "";

    public string Instance { get; init; } = "";

    /// <summary>1 everything, 9 information, 13 warnings, 17 errors.</summary>
    public int Severity { get; init; } = Information;

    /// <summary>How far back: 15, 60 or 1440.</summary>
    public int Minutes { get; init; } = DefaultMinutes;

    /// <summary>What is not one of the choices is as if it were not there: somebody may have cut a link.</summary>
    public static LogSearch Read(string? text, string? instance, int? severity, int? minutes) => new()
    {
        Text = text?.Trim() ?? "",
        Instance = instance?.Trim() ?? "",
        Severity = severity is 1 or 13 or 17 ? severity.Value : Information,
        Minutes = minutes is 15 or 1440 ? minutes.Value : DefaultMinutes,
    };

    public string ToPath()
    {
        (string Name, string Value)[] all =
        [
            ("text", Text), ("instance", Instance), ("severity", Severity == Information ? "" : Severity.ToString(CultureInfo.InvariantCulture)),
            ("minutes", Minutes == DefaultMinutes ? "" : Minutes.ToString(CultureInfo.InvariantCulture)),
        ];
        string query = string.Join('&', all.Where(one => one.Value.Length > 0).Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value)}"));
        return query.Length == 0 ? "/logs" : $"/logs?{query}";
    }
}
