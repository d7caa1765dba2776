using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Quintet.TestKit.Processes;

/// <summary>Signals to a process by its id, for those that no method of <see cref="System.Diagnostics.Process"/> sends.</summary>
public static partial class Signal
{
    private const int NoSuchProcess = 3; // ESRCH
    private const int SigKill = 9;
    private const int SigCont = 18;
    private const int SigStop = 19;

    /// <summary>SIGKILL.</summary>
    /// <returns>False when there was no such process any more; the same for the others.</returns>
    public static bool Kill(int pid) => Send(pid, SigKill);

    /// <summary>SIGSTOP: it is there, and answers nothing.</summary>
    public static bool Stop(int pid) => Send(pid, SigStop);

    /// <summary>SIGCONT.</summary>
    public static bool Continue(int pid) => Send(pid, SigCont);

    private static bool Send(int pid, int signal)
    {
        if (Native.Kill(pid, signal) == 0) return true;
        int error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    private static partial class Native
    {
        [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
        public static partial int Kill(int pid, int signal);
    }
}
