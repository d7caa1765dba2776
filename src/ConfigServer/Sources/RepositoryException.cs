namespace Quintet.ConfigServer.Sources;

/// <summary>The repository cannot be made, opened or read. The text names the folder and what to do.</summary>
internal sealed class RepositoryException(string message, Exception? inner = null) : Exception(message, inner);
