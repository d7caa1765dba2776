using System.Diagnostics;
using System.Globalization;

namespace Quintet.Broker.Alarms;

/// <summary>What the alarm knows of memory: a seam, since a test cannot fill a machine.</summary>
/// <param name="UsedBytes">The octets the process holds now.</param>
/// <param name="TotalBytes">The octets there are for it.</param>
/// <param name="GiveBack">Collects garbage and gives the memory back to the system.</param>
internal sealed record MemoryProbe(Func<long> UsedBytes, long TotalBytes, Action GiveBack)
{
    // Above this share of what the runtime may take, an allocation may fail before the alarm is raised.
    private const double HeapShareMax = 0.9;

    private static readonly string[] GroupLimits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

    /// <summary>No limit is above this: the heap has a bound of its own in a container, three quarters of the container's memory by default.</summary>
    public long HeapBytesMax { get; init; } = long.MaxValue;

    /// <summary>
    /// This process. Used is the resident memory: it is what the kernel counts when it kills for want of memory and what operators see, and it
    /// has in it what the managed heap does not know of. It also has garbage in it, so the alarm has it collected before it believes the number.
    /// </summary>
    public static MemoryProbe OfProcess()
    {
        long heap = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new MemoryProbe(Resident, TotalOf(heap, File.ReadAllText, File.Exists), Collect) { HeapBytesMax = (long)(heap * HeapShareMax) };
    }

    /// <summary>The memory of the machine or, where that is less, of the control group the process is in.</summary>
    /// <param name="elsewhere">What counts where there are no such files.</param>
    /// <param name="read">Reads a file.</param>
    /// <param name="exists">Whether there is such a file.</param>
    public static long TotalOf(long elsewhere, Func<string, string> read, Func<string, bool> exists)
    {
        if (!exists("/proc/meminfo")) return elsewhere;
        string[] total = read("/proc/meminfo").Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        long machine = total is ["MemTotal:", { } kibibytes, "kB"] ? long.Parse(kibibytes, CultureInfo.InvariantCulture) * 1024 : elsewhere;
        foreach (string file in GroupLimits.Where(exists))
            if (long.TryParse(read(file), CultureInfo.InvariantCulture, out long group)) machine = Math.Min(machine, group); // "max" is no limit
        return machine;
    }

    private static long Resident()
    {
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
