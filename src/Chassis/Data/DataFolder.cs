namespace Quintet.Chassis.Data;

/// <summary>The folder that holds what a service keeps; it is nobody else's business.</summary>
internal static class DataFolder
{
    /// <summary>Makes the folder, for its owner alone, unless it exists.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
