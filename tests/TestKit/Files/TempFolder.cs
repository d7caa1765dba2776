namespace Quintet.TestKit.Files;

/// <summary>A folder of its own for one test, removed at the end. Its name holds a blank on purpose, unless told otherwise.</summary>
public sealed class TempFolder(string prefix = "quintet test-") : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory(prefix).FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that the test just killed may still be closing a file here; /tmp is cleaned by its owner.
        }
    }
}
