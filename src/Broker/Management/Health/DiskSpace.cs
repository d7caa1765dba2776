namespace Quintet.Broker.Management.Health;

/// <summary>Room on the disk that holds a folder.</summary>
internal static class DiskSpace
{
    /// <summary>0 when it cannot be told.</summary>
    public static long FreeBytes(string folder)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
