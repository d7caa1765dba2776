using System.Globalization;
using Quintet.Hosting.Supervised;

namespace Quintet.Supervision.Processes;

/// <summary>
/// <c>quintet exec [--session] -- program arguments…</c>: what a program that knows nothing of Quintet needs done between fork and exec.
/// It leads its own process group (or session), dies with the supervisor, and finds its signals as a shell would leave them.
/// </summary>
internal static class ExecStep
{
    public const string Word = "exec";

    private const int NotFound = 127;
    private const int NotExecutable = 126;
    private const int Enoent = 2;

    /// <summary>Does not return when the program could be started.</summary>
    public static int Run(string[] arguments)
    {
        int separator = Array.IndexOf(arguments, "--");
        string[] words = separator < 0 ? [] : arguments[(separator + 1)..];
        if (words.Length == 0)
        {
            System.Console.Error.WriteLine("usage: quintet exec [--session] -- program [arguments]");
            return Terminal.ExitCode.Usage;
        }

        // A session of its own serves what must outlive the supervisor for a moment; everything else is tied to it.
        if (arguments.AsSpan(0, separator).Contains("--session")) _ = Native.StartSession();
        else if (!JoinSupervisor()) return 0;

        Native.RestoreSignals();
        int errno = Native.Execute(words);
        System.Console.Error.WriteLine($"quintet exec: '{words[0]}' cannot be started (errno {errno}{(errno == Enoent ? ", no such file" : "")})");
        return errno == Enoent ? NotFound : NotExecutable;
    }

    private static bool JoinSupervisor()
    {
        _ = Native.SetProcessGroup(0, 0);
        if (!int.TryParse(Environment.GetEnvironmentVariable(SupervisedProcess.SupervisorVariable), CultureInfo.InvariantCulture, out int supervisor))
            return true;
        // SIGKILL and not SIGTERM: a foreign program may ignore the latter, and nobody would be left to insist.
        _ = Native.SignalAtParentsDeath(Native.SigKill);
        return Native.ParentProcessId() == supervisor; // otherwise it died before the signal was asked for
    }
}
