namespace Quintet.Registry.Http;

/// <summary>The caller's mistake, answered as Consul answers it: a status and a line of text.</summary>
internal sealed class RefusalException(int status, string text) : Exception(text)
{
    public int Status => status;

    /// <summary>Consul's errors from inside a read carry the headers of a read that found no leader.</summary>
    public bool IsFromRead { get; init; }

    public static RefusalException BadRequest(string text) => new(400, text);

    public static RefusalException Denied() => new(403, "Permission denied");
}
