using Quintet.Client.Supervisor;

namespace Quintet.Console.Parts;

/// <summary>A line of the supervisor's <c>/v1/logs</c>: the instance, the time in UTC, and what the process wrote.</summary>
internal sealed record LogEntry(string Instance, string Time, LogWords Words)
{
    /// <summary>Of the time, that which is of interest within a day.</summary>
    public string Clock => Time.Length > 19 && Time[10] == 'T' ? Time[11..].TrimEnd('Z') : Time;

    public static LogEntry Parse(string line)
    {
        string[] parts = line.Split(' ', 3);
        return parts is [{ } instance, { } time, { } text] ? new LogEntry(instance, time, LogWords.Of(text)) : new LogEntry("", "", new LogWords("", line));
    }
}
