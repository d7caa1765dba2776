using System.Globalization;
using System.Runtime.InteropServices;

namespace Quintet.Hosting.Supervised;

/// <summary>What a process started by <c>quintet up</c> does so that it never outlives its supervisor.</summary>
public static partial class SupervisedProcess
{
    /// <summary>The variable by which the supervisor tells a child its own process id.</summary>
    public const string SupervisorVariable = "QUINTET_SUPERVISOR_PID";

    private const int PrSetPdeathsig = 1;
    private const int SigTerm = 15;

    /// <summary>
    /// Leads its own process group (a terminal's Ctrl-C then reaches the supervisor alone) and asks the kernel for SIGTERM when the
    /// supervisor dies. Does nothing when <see cref="SupervisorVariable"/> is not set or the system is not Linux. Call it first in Main.
    /// </summary>
    public static void JoinSupervisor()
    {
        string? supervisor = Environment.GetEnvironmentVariable(SupervisorVariable);
        if (!OperatingSystem.IsLinux() || !int.TryParse(supervisor, CultureInfo.InvariantCulture, out int pid)) return;

        _ = SetProcessGroup(0, 0); // fails only when it leads a group already, which is what is wanted
        if (ProcessControl(PrSetPdeathsig, SigTerm, 0, 0, 0) != 0)
            throw new InvalidOperationException($"prctl(PR_SET_PDEATHSIG) failed with errno {Marshal.GetLastPInvokeError()}");
        if (GetParentProcessId() != pid) Environment.Exit(0); // the supervisor died before the signal was asked for
    }

    [LibraryImport("libc", EntryPoint = "setpgid", SetLastError = true)]
    private static partial int SetProcessGroup(int pid, int group);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int ProcessControl(int option, ulong argument2, ulong argument3, ulong argument4, ulong argument5);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentProcessId();
}
