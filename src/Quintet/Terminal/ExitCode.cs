namespace Quintet.Terminal;

/// <summary>What an exit code tells the caller to do.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotFound = 3;
    public const int Conflict = 4;
    public const int Unreachable = 5;
    public const int Refused = 6;
    public const int TimedOut = 7;
    public const int Interrupted = 130;
}

/// <summary>A command cannot do what it was asked; the text is for the person at the terminal.</summary>
internal sealed class CommandException(int exitCode, string message) : Exception(message)
{
    public int ExitCode => exitCode;
}
