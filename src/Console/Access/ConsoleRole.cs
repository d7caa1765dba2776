namespace Quintet.Console.Access;

/// <summary>What somebody may do in the console.</summary>
public enum ConsoleRole
{
    /// <summary>See everything but private data, change nothing.</summary>
    Viewer,

    /// <summary>Change what runs: scale, restart, deploy, send messages back, edit configuration.</summary>
    Operator,
}
