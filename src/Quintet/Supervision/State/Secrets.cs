using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace Quintet.Supervision.State;

/// <summary>
/// The system's own credentials, in <c>secrets.json</c> (0600): a flat map from a name such as <c>broker/users</c> to 256 random bits.
/// One that is not there is made when it is first asked for.
/// </summary>
internal sealed class Secrets
{
    public const string Control = "control";
    public const string Operator = "operator";

    private readonly Lock _gate = new();
    private readonly string _file;
    private readonly SortedDictionary<string, string> _byName;
    private bool _isDirty;

    private Secrets(string file, SortedDictionary<string, string> byName) => (_file, _byName) = (file, byName);

    /// <exception cref="IOException">The file is there but is no map of names and secrets. It is never replaced: what it opens would be lost.</exception>
    public static Secrets Open(string file)
    {
        try
        {
            SortedDictionary<string, string>? byName = StateFolder.ReadJson(file, StateJson.Default.SortedDictionaryStringString);
            if (byName is not null && !OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return new Secrets(file, byName ?? []);
        }
        catch (JsonException fault)
        {
            throw new IOException($"'{file}' cannot be read: {fault.Message}. Mend it, or remove it together with data/ to start afresh.", fault);
        }
    }

    /// <summary>The secret of one user of one box: <c>registry/users</c>.</summary>
    public string Of(string box, string user) => Of($"{box}/{user}");

    public string Of(string name)
    {
        lock (_gate)
        {
            if (_byName.TryGetValue(name, out string? secret)) return secret;
            _isDirty = true;
            return _byName[name] = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        }
    }

    /// <summary>Writes what was made since; nothing may be told a secret before.</summary>
    public void Save()
    {
        lock (_gate)
        {
            if (!_isDirty) return;
            StateFolder.WritePrivate(_file, JsonSerializer.SerializeToUtf8Bytes(_byName, StateJson.Default.SortedDictionaryStringString));
            _isDirty = false;
        }
    }
}
