using System.Globalization;
using Quintet.Client.Supervisor;
using Quintet.Supervision.Logs;

namespace Quintet.Terminal;

/// <summary>One line of a log as people read it. What .NET's JSON console wrote is taken apart; anything else is shown as it is.</summary>
/// <param name="Instance">Whose line it is.</param>
/// <param name="Time">When the supervisor got it.</param>
/// <param name="Text">What the process wrote.</param>
internal sealed record LogLine(string Instance, DateTimeOffset Time, string Text)
{
    /// <summary>A line of a log file; a line without a time (the file was cut there) takes the earliest.</summary>
    public static LogLine Parse(string instance, string line)
    {
        int blank = line.IndexOf(' ');
        bool hasTime = DateTimeOffset.TryParseExact(
            blank < 0 ? line : line[..blank], LogFile.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time);
        return hasTime ? new LogLine(instance, time, blank < 0 ? "" : line[(blank + 1)..]) : new LogLine(instance, DateTimeOffset.MinValue, line);
    }

    /// <summary><c>12:00:00.000 users-1  warn  The broker is away</c>.</summary>
    public string Render(int instanceWidth)
    {
        string clock = Time.ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        return $"{clock} {Instance.PadRight(instanceWidth)}  {Words()}";
    }

    private string Words()
    {
        LogWords words = LogWords.Of(Text);
        return words.Level.Length == 0 ? words.Text : $"{words.Level}  {words.Text}";
    }
}
