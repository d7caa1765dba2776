using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Quintet.Supervision.State;

/// <summary>The folder that a system lives in, <c>.quintet</c> beside its manifest unless told otherwise.</summary>
internal sealed class StateFolder(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public string Apps => At("apps");

    public string Logs => At("logs");

    public string Mail => At("mail");

    public string Secrets => At("secrets.json");

    /// <summary>What was set up at the user's own engines.</summary>
    public string Engines => At("engines.json");

    public string Run => At("run.json");

    public string SupervisorLog => LogOf("supervisor");

    /// <summary>What the runtime itself has to say when a detached supervisor crashes.</summary>
    public string CrashLog => At("logs", "supervisor.crash.txt");

    public string At(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    public string Data(string part) => At("data", part);

    public string Settings(string box) => At("settings", $"{box}.json");

    public string LogOf(string instance) => At("logs", $"{instance}.log");

    public void Create()
    {
        Directory.CreateDirectory(Path);
        Directory.CreateDirectory(Logs);
        Directory.CreateDirectory(Mail);
        Directory.CreateDirectory(At("settings"));
    }

    /// <summary>
    /// Only one supervisor works on a state. The kernel gives the lock back when its holder ends in whatever way, so a stale one is impossible.
    /// </summary>
    /// <returns>Null when another process has it.</returns>
    public FileStream? TryLock()
    {
        Directory.CreateDirectory(Path);
        try
        {
            return new FileStream(At("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether some supervisor works on this state now.</summary>
    public bool IsLocked()
    {
        if (!File.Exists(At("lock"))) return false;
        using FileStream? mine = TryLock();
        return mine is null;
    }

    public static T? ReadJson<T>(string file, JsonTypeInfo<T> type)
        where T : class
    {
        if (!File.Exists(file)) return null;
        using FileStream stream = File.OpenRead(file);
        return JsonSerializer.Deserialize(stream, type);
    }

    /// <summary>Writes whole or not at all, for the owner's eyes alone from the first byte on.</summary>
    public static void WritePrivate(string file, byte[] content)
    {
        string temporary = $"{file}.{Environment.ProcessId}.tmp";
        File.Delete(temporary);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using (FileStream stream = new(temporary, options))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, file, overwrite: true);
    }
}
