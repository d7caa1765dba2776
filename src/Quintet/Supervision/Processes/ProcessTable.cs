using System.Globalization;
using System.Text;

namespace Quintet.Supervision.Processes;

/// <summary>A process beyond doubt: its id may be given to another one later, but not with the same start.</summary>
/// <param name="Pid">The process id.</param>
/// <param name="StartTicks">Clock ticks from the machine's start to the process's (field 22 of <c>/proc/&lt;pid&gt;/stat</c>, proc(5)).</param>
internal readonly record struct ProcessIdentity(int Pid, long StartTicks);

/// <summary>How much a process has worked, and for how long it has been there.</summary>
/// <param name="Processor">The time that it kept a processor busy.</param>
/// <param name="Up">The time since its start.</param>
internal readonly record struct ProcessTimes(TimeSpan Processor, TimeSpan Up);

/// <summary>What <c>/proc</c> tells. Everything here is a snapshot: a process may be gone when the answer is read.</summary>
internal static class ProcessTable
{
    /// <summary>Linux counts these times in hundredths of a second on every architecture that .NET runs on (USER_HZ).</summary>
    private const double TicksPerSecond = 100;

    /// <summary>The id of the machine's present start; ticks of another start mean nothing.</summary>
    public static string BootId { get; } = ReadText("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";

    /// <summary>Null when there is no such process or it is a zombie.</summary>
    public static ProcessIdentity? Identify(int pid)
    {
        return StatOf(pid) is { } fields ? new ProcessIdentity(pid, long.Parse(fields[19], CultureInfo.InvariantCulture)) : null;
    }

    /// <summary>Nothing when the process is gone.</summary>
    public static ProcessTimes TimesOf(int pid)
    {
        if (StatOf(pid) is not { } fields || ReadText("/proc/uptime") is not { } uptime) return default;
        double busy = (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        double up = double.Parse(uptime.Split(' ')[0], CultureInfo.InvariantCulture)
            - (long.Parse(fields[19], CultureInfo.InvariantCulture) / TicksPerSecond);
        return new ProcessTimes(TimeSpan.FromSeconds(busy), TimeSpan.FromSeconds(Math.Max(0, up)));
    }

    public static bool IsAlive(ProcessIdentity process) => Identify(process.Pid) == process;

    /// <summary>Resident memory; 0 when the process is gone.</summary>
    public static long ResidentBytes(int pid)
    {
        string? statm = ReadText($"/proc/{pid}/statm");
        return statm is null ? 0 : long.Parse(statm.Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }

    /// <summary>The command line with blanks between the words, shortened.</summary>
    public static string CommandLine(int pid)
    {
        string line = (ReadText($"/proc/{pid}/cmdline") ?? "").Replace('\0', ' ').Trim();
        return line.Length > 120 ? line[..117] + "..." : line;
    }

    /// <summary>Processes that were started with all of these variables, whoever their parent is now.</summary>
    public static IReadOnlyList<ProcessIdentity> WithEnvironment(params string[] assignments)
    {
        List<ProcessIdentity> found = [];
        foreach (int pid in Pids())
        {
            if (pid == Environment.ProcessId || Identify(pid) is not { } identity) continue;
            // One more look at the identity: between the two reads the id may have changed hands.
            if (HasAll(ReadBytes($"/proc/{pid}/environ"), assignments) && Identify(pid) == identity) found.Add(identity);
        }

        return found;
    }

    public static IEnumerable<int> Pids()
    {
        if (!Directory.Exists("/proc")) yield break;
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
                yield return pid;
    }

    /// <summary>The fields of <c>/proc/&lt;pid&gt;/stat</c> from the third on, or null when there is no such process or it is a zombie.</summary>
    private static string[]? StatOf(int pid)
    {
        // The name in field 2 may hold blanks and parentheses: count from its last parenthesis.
        string? stat = ReadText($"/proc/{pid}/stat");
        if (stat is null) return null;
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields.Length < 20 || fields[0] is "Z" or "X" ? null : fields;
    }

    private static bool HasAll(byte[]? environ, string[] assignments)
    {
        if (environ is null || environ.Length == 0) return false;
        foreach (string assignment in assignments)
        {
            ReadOnlySpan<byte> wanted = Encoding.UTF8.GetBytes(assignment);
            bool has = false;
            foreach (Range range in environ.AsSpan().Split((byte)0)) has |= environ.AsSpan(range).SequenceEqual(wanted);
            if (!has) return false;
        }

        return true;
    }

    private static string? ReadText(string path) => ReadBytes(path) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private static byte[]? ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // gone meanwhile, or another user's
        }
    }
}
