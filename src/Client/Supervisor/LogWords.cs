using System.Text.Json;

namespace Quintet.Client.Supervisor;

/// <summary>What a line of a process's output says. What .NET's JSON console wrote is taken apart; anything else stays as it is.</summary>
/// <param name="Level"><c>info</c>, <c>warn</c>, <c>fail</c>, <c>crit</c>, <c>dbug</c>, <c>trce</c>; empty when the line tells none.</param>
/// <param name="Text">The message, and below it the exception.</param>
public sealed record LogWords(string Level, string Text)
{
    /// <summary>Reads one line, without the time and the instance before it.</summary>
    public static LogWords Of(string line)
    {
        if (!line.StartsWith('{')) return new LogWords("", line);
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            if (!json.RootElement.TryGetProperty("LogLevel", out JsonElement level)
                || !json.RootElement.TryGetProperty("Message", out JsonElement message)) return new LogWords("", line);
            string text = message.GetString() ?? "";
            if (json.RootElement.TryGetProperty("Exception", out JsonElement exception)) text = $"{text}\n{exception.GetString()}";
            return new LogWords(Short(level.GetString()), text);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return new LogWords("", line); // it began like JSON and is something else
        }
    }

    private static string Short(string? level) => level switch
    {
        "Information" => "info",
        "Warning" => "warn",
        "Error" => "fail",
        "Critical" => "crit",
        "Debug" => "dbug",
        "Trace" => "trce",
        _ => level ?? "",
    };
}
