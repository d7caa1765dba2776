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

    /// <summary>Signs login links.</summary>
    public const string ConsoleLinks = "console/links";

    /// <summary>From which the services' operations tokens are made.</summary>
    public const string Operations = "operations";

    private readonly Lock _gate = new();
    private readonly string _file;
    private readonly SortedDictionary<string, string> _byName;
    private bool _isDirty;

    private Secrets(string file, SortedDictionary<string, string> byName) => (_file, _byName) = (file, byName);

    /// <exception cref="IOException">The file is there but is no map of names and secrets. It is never replaced: what it opens would be lost.</exception>
    public static Secrets Open(string file)
    {
        SortedDictionary<string, string>? byName = Read(file);
        if (byName is not null && !OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new Secrets(file, byName ?? []);
    }

    /// <summary>The secret of one user of one box: <c>registry/users</c>.</summary>
    public string Of(string box, string user) => Of($"{box}/{user}");

    /// <summary>The same in the form of a UUID, 122 random bits, where nothing else is accepted.</summary>
    public string UuidOf(string box, string user) => Of($"{box}/{user}", () => Guid.NewGuid().ToString());

    public string Of(string name) => Of(name, () => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>Writes what was made since; nothing may be told a secret before.</summary>
    /// <remarks>Another process may make secrets at the same time, such as <c>quintet engines apply</c> beside a running system; the file keeps those
    /// of both, and of one name that which was there first.</remarks>
    public void Save()
    {
        lock (_gate)
        {
            if (!_isDirty) return;
            using (FileLock.Take($"{_file}.lock"))
            {
                TakeOver();
                StateFolder.WritePrivate(_file, JsonSerializer.SerializeToUtf8Bytes(_byName, StateJson.Default.SortedDictionaryStringString));
            }

            _isDirty = false;
        }
    }

    private static SortedDictionary<string, string>? Read(string file)
    {
        try
        {
            return StateFolder.ReadJson(file, StateJson.Default.SortedDictionaryStringString);
        }
        catch (JsonException fault)
        {
            throw new IOException($"'{file}' cannot be read: {fault.Message}. Mend it, or remove it together with data/ to start afresh.", fault);
        }
    }

    private string Of(string name, Func<string> make)
    {
        lock (_gate)
        {
            if (!_byName.ContainsKey(name)) TakeOver(); // another process may have made it meanwhile
            if (_byName.TryGetValue(name, out string? secret)) return secret;
            _isDirty = true;
            return _byName[name] = make();
        }
    }

    private void TakeOver()
    {
        foreach ((string name, string secret) in Read(_file) ?? []) _byName[name] = secret;
    }
}
