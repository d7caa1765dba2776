using System.Runtime.InteropServices;

namespace Quintet.Supervision.Processes;

/// <summary>The system calls that .NET has no name for. Linux; other systems take other ways or refuse.</summary>
internal static partial class Native
{
    public const int SigKill = 9;
    public const int SigTerm = 15;

    /// <summary>The highest signal number of Linux.</summary>
    public const int SignalMax = 64;

    /// <summary>LOCK_EX of flock(2).</summary>
    public const int LockExclusive = 2;

    private const int PrSetPdeathsig = 1;

    /// <summary>Sends a signal to a process, or with a negative id to a process group; false when there is none or it is not ours.</summary>
    public static bool Signal(int pid, int signal) => Kill(pid, signal) == 0;

    [LibraryImport("libc", EntryPoint = "setpgid", SetLastError = true)]
    public static partial int SetProcessGroup(int pid, int group);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    public static partial int StartSession();

    [LibraryImport("libc", EntryPoint = "getppid")]
    public static partial int ParentProcessId();

    /// <summary>The kernel sends <paramref name="signal"/> to this process when the thread that started it ends.</summary>
    public static int SignalAtParentsDeath(int signal) => ProcessControl(PrSetPdeathsig, (ulong)signal, 0, 0, 0);

    /// <summary>Handlers do not survive exec, but "ignored" and "blocked" do, and .NET ignores SIGPIPE.</summary>
    public static void RestoreSignals()
    {
        for (int signal = 1; signal <= SignalMax; signal++)
            if (signal != SigKill) _ = SetSignalHandler(signal, 0);
        Span<byte> none = stackalloc byte[128]; // sigset_t: 1024 bits
        none.Clear();
        _ = SetSignalMask(2, none, 0); // SIG_SETMASK
    }

    /// <summary>Replaces this process by another program, found on PATH; returns only when that failed, with errno.</summary>
    public static int Execute(string[] words)
    {
        string?[] arguments = [.. words, null];
        _ = ExecuteOnPath(words[0], arguments);
        return Marshal.GetLastPInvokeError();
    }

    /// <summary>Makes a file the target of a descriptor: 0 standard input, 1 output, 2 errors.</summary>
    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    public static partial int Duplicate(int source, int target);

    /// <summary>Locks an open file until it is closed, and waits for whoever has it.</summary>
    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int LockFile(int file, int operation);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int ProcessControl(int option, ulong argument2, ulong argument3, ulong argument4, ulong argument5);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint SetSignalHandler(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    private static partial int SetSignalMask(int how, ReadOnlySpan<byte> set, nint old);

    [LibraryImport("libc", EntryPoint = "execvp", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ExecuteOnPath(string file, string?[] arguments);
}
