using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

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

    public string ToPath() => QueryHelpers.AddQueryString("/logs", new Dictionary<string, string?>
    {
        ["text"] = Text.Length == 0 ? null : Text,
        ["instance"] = Instance.Length == 0 ? null : Instance,
        ["severity"] = Severity == Information ? null : Severity.ToString(CultureInfo.InvariantCulture),
        ["minutes"] = Minutes == DefaultMinutes ? null : Minutes.ToString(CultureInfo.InvariantCulture),
    });
}
