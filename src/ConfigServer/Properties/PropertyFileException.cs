namespace Quintet.ConfigServer.Properties;

/// <summary>A file cannot be read as what its ending says. The text never quotes values: they may be secrets.</summary>
internal sealed class PropertyFileException(int line, string message) : Exception(message)
{
    /// <summary>Where, counted from 1; 0 when the whole file is meant.</summary>
    public int Line { get; } = line;
}
