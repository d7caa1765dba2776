using System.Globalization;
using Quintet.Supervision.Processes;

namespace Quintet.Supervision.Ports;

/// <summary>Who listens on a port, as far as this user may know: <c>/proc/net/tcp</c> gives the socket, <c>/proc/&lt;pid&gt;/fd</c> its owner.</summary>
internal static class PortHolder
{
    private const string Listening = "0A";

    /// <summary><c>process 4711 (node server.js)</c>, or that it is unknown.</summary>
    public static string Describe(int port)
    {
        HashSet<string> sockets = [.. SocketsOf(port, "/proc/net/tcp"), .. SocketsOf(port, "/proc/net/tcp6")];
        if (sockets.Count > 0)
            foreach (int pid in ProcessTable.Pids())
                if (Owns(pid, sockets)) return $"process {pid} ({ProcessTable.CommandLine(pid)})";
        return "a process of another user, or one that cannot be seen from here";
    }

    /// <summary>The links <c>socket:[inode]</c> of listeners on the port. Columns: proc_pid_net(5), proc/net/tcp.</summary>
    private static IEnumerable<string> SocketsOf(int port, string table)
    {
        if (!File.Exists(table)) yield break;
        foreach (string line in File.ReadLines(table).Skip(1))
        {
            string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length < 10 || columns[3] != Listening) continue;
            string local = columns[1][(columns[1].LastIndexOf(':') + 1)..];
            if (int.Parse(local, NumberStyles.HexNumber, CultureInfo.InvariantCulture) == port) yield return $"socket:[{columns[9]}]";
        }
    }

    private static bool Owns(int pid, HashSet<string> sockets)
    {
        try
        {
            foreach (string descriptor in Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd"))
                if (new FileInfo(descriptor).LinkTarget is { } target && sockets.Contains(target)) return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Gone meanwhile, or another user's.
        }

        return false;
    }
}
