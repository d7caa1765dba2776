using Quintet.Client.Supervisor;
using Quintet.Console.Records;

namespace Quintet.Console.Parts;

/// <summary>A change that a plot marks.</summary>
/// <param name="At">When.</param>
/// <param name="Words">What, and by whom.</param>
public sealed record Flag(DateTimeOffset At, string Words);

/// <summary>What changed in a system within a time, from what the console knows of it.</summary>
internal static class Timeline
{
    /// <summary>More than these cannot be told apart in a plot.</summary>
    private const int FlagsMax = 20;

    /// <summary>What an operator did that may change how the system behaves.</summary>
    private static readonly HashSet<string> Changing = ["deploy", "restart", "scale", "configure", "redrive", "edit and redrive"];

    /// <summary>The newest that fit, the oldest first: what was done through this console, and when each process that runs now was started.</summary>
    public static IReadOnlyList<Flag> Flags(
        IEnumerable<AuditEntry> audit, IEnumerable<SystemProcess> processes, DateTimeOffset at, DateTimeOffset from)
    {
        IEnumerable<Flag> done = audit.Where(entry => Changing.Contains(entry.Action) && entry.Outcome == "done")
            .Select(entry => new Flag(entry.At, $"{entry.Who}: {entry.Action} {entry.Target}"));
        IEnumerable<Flag> started = processes.Where(process => process.UpSeconds > 0)
            .Select(process => new Flag(
                at.AddSeconds(-process.UpSeconds), $"{process.Instance} started{(process.Build > 0 ? $", build {process.Build}" : "")}"));
        return [.. done.Concat(started).Where(flag => flag.At >= from).OrderBy(flag => flag.At).TakeLast(FlagsMax)];
    }

    /// <summary>One value for each step that begins at these times: the highest that was seen within it, null where nothing was.</summary>
    public static IReadOnlyList<double?> Depths(IReadOnlyList<Moment> moments, IReadOnlyList<DateTimeOffset> times, TimeSpan step)
    {
        double?[] depths = new double?[times.Count];
        if (times.Count == 0) return depths;
        foreach (Moment moment in moments)
        {
            int index = (int)Math.Floor((moment.At - times[0]) / step);
            if (index >= 0 && index < depths.Length && moment.QueueDepth is { } depth) depths[index] = Math.Max(depths[index] ?? 0, depth);
        }

        return depths;
    }
}
