namespace Quintet.Console.Telemetry.Storage;

/// <summary>Nothing was written; the sender should come again.</summary>
internal sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
