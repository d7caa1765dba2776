namespace Quintet.Console.Stories;

/// <summary>What somebody saw who asked what an event said.</summary>
/// <param name="Text">Indented JSON.</param>
/// <param name="IsMasked">Whether its texts are masked.</param>
/// <param name="Fault">Why it could not be read; null when it could.</param>
public sealed record PayloadLook(string Text, bool IsMasked, string? Fault);
