namespace Quintet.Supervision.Processes;

/// <summary>
/// Finds and ends what a process started and did not take along: children that forked away, changed their session, or daemonised. They are
/// known by the variables they were started with, since a parent's id says nothing any more.
/// </summary>
internal static class Leftovers
{
    // A program that forks faster than it is killed is met again in the next round.
    private const int RoundsMax = 20;

    /// <summary>Ends every process of a run, or of one instance of it; gives how many there were.</summary>
    public static int Kill(string run, string? instance = null)
    {
        string[] assignments = instance is null ? [$"QUINTET_RUN={run}"] : [$"QUINTET_RUN={run}", $"QUINTET_INSTANCE={instance}"];
        HashSet<ProcessIdentity> killed = [];
        for (int round = 0; round < RoundsMax; round++)
        {
            IReadOnlyList<ProcessIdentity> found = ProcessTable.WithEnvironment(assignments);
            if (found.Count == 0) break;
            foreach (ProcessIdentity process in found)
            {
                killed.Add(process);
                Native.Signal(process.Pid, Native.SigKill);
            }
        }

        return killed.Count;
    }
}
