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

    /// <summary>The newest that fit, the oldest first.</summary>
    /// <param name="audit">What was done through this console.</param>
    /// <param name="system">When it was asked, and each process that runs now with its age.</param>
    /// <param name="versions">Those of the configuration; the ones that were committed through this console stand in the audit log already.</param>
    /// <param name="from">Nothing before this.</param>
    public static IReadOnlyList<Flag> Flags(
        IReadOnlyList<AuditEntry> audit, (DateTimeOffset At, IEnumerable<SystemProcess> Processes) system, IEnumerable<SeenVersion> versions,
        DateTimeOffset from)
    {
        IEnumerable<Flag> done = audit.Where(entry => Changing.Contains(entry.Action) && entry.Outcome == "done")
            .Select(entry => new Flag(entry.At, $"{entry.Who}: {entry.Action} {entry.Target}"));
        IEnumerable<Flag> started = system.Processes.Where(process => process.UpSeconds > 0)
            .Select(process => new Flag(
                system.At.AddSeconds(-process.UpSeconds), $"{process.Instance} started{(process.Build > 0 ? $", build {process.Build}" : "")}"));
        IEnumerable<Flag> committed = versions.Where(version => !audit.Any(version.IsOf)).Select(version => new Flag(version.At, version.Words));
        return [.. done.Concat(started).Concat(committed).Where(flag => flag.At >= from).Distinct().OrderBy(flag => flag.At).TakeLast(FlagsMax)];
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
