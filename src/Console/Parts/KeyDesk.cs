using System.Text;
using Quintet.Client.Consul;

namespace Quintet.Console.Parts;

/// <summary>Looks into the registry's keys and changes them only as they were seen.</summary>
internal sealed class KeyDesk(ConsulClient registry)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The folders and keys right below a prefix; a folder ends in a slash.</summary>
    public Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellation) => registry.KeyNamesAsync(prefix, "/", cancellation);

    /// <summary>A key, or null when there is none.</summary>
    public async Task<KeyValueEntry?> ReadAsync(string key, CancellationToken cancellation) =>
        (await registry.GetKeyAsync(key, cancellation: cancellation)).Value;

    /// <summary>Writes a key.</summary>
    /// <param name="key">Its whole name.</param>
    /// <param name="seen">As it was seen; null when it was not there.</param>
    /// <param name="text">What it is to say.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ArgumentException">The name cannot be one, or the key is another one meanwhile.</exception>
    public async Task WriteAsync(string key, KeyValueEntry? seen, string text, CancellationToken cancellation)
    {
        if (key.Length == 0 || key.StartsWith('/') || key.EndsWith('/'))
            throw new ArgumentException($"'{key}' is no name of a key: it neither begins nor ends with '/'.");
        if (!await registry.PutKeyAsync(key, Strict.GetBytes(text), seen?.ModifyIndex ?? 0, cancellation)) throw Meanwhile(key, seen);
    }

    /// <summary>Removes a key.</summary>
    /// <exception cref="ArgumentException">It is another one meanwhile.</exception>
    public async Task DeleteAsync(KeyValueEntry seen, CancellationToken cancellation)
    {
        if (!await registry.DeleteKeyAsync(seen.Key, seen.ModifyIndex, cancellation)) throw Meanwhile(seen.Key, seen);
    }

    /// <summary>A value as text; null when it is none.</summary>
    public static string? TextOf(KeyValueEntry entry)
    {
        try
        {
            return Strict.GetString(entry.Value.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static ArgumentException Meanwhile(string key, KeyValueEntry? seen) => new(seen is null
        ? $"'{key}' is there already; nothing was written. Close this and look at it."
        : $"'{key}' was changed by somebody else since you looked; nothing was written. Close this and look again.");
}
