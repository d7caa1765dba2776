using System.Globalization;

namespace Quintet.Load.Brokers;

/// <summary>A process and its children, as /proc shows them: processor time and resident memory of all their threads.</summary>
internal static class ProcessTree
{
    // _SC_CLK_TCK of Linux, the unit of utime and stime.
    private const double TicksPerSecond = 100;

    private const int Parent = 1;
    private const int UserTime = 11;
    private const int SystemTime = 12;
    private const int ResidentPages = 21;

    public static double ProcessorMicroseconds(int root) =>
        Of(root).Sum(fields => Number(fields, UserTime) + Number(fields, SystemTime)) / TicksPerSecond * 1e6;

    public static double ResidentMib(int root) => Of(root).Sum(fields => Number(fields, ResidentPages)) * Environment.SystemPageSize / 1024 / 1024;

    private static List<string[]> Of(int root)
    {
        Dictionary<int, string[]> all = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), out int id) && Read(folder) is { } fields) all[id] = fields;
        return [.. all.Where(each => Descends(each.Key, root, all)).Select(each => each.Value)];
    }

    // The fields behind the name, which may itself hold blanks and brackets: state, parent, …
    private static string[]? Read(string folder)
    {
        try
        {
            string stat = File.ReadAllText(Path.Combine(folder, "stat"));
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // it has just ended
        }
    }

    private static bool Descends(int id, int root, Dictionary<int, string[]> all)
    {
        while (id != root)
        {
            if (!all.TryGetValue(id, out string[]? fields)) return false;
            id = (int)Number(fields, Parent);
        }

        return true;
    }

    private static long Number(string[] fields, int index) => long.Parse(fields[index], CultureInfo.InvariantCulture);
}
