using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Storage;
using Quintet.TestKit.Files;

namespace Quintet.Console.Tests.Telemetry;

public sealed class TheFileIsOpenedWithCare : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void It_is_its_owners_alone()
    {
        TelemetryFile file = FileIn(_folder["data"]);
        using Microsoft.Data.Sqlite.SqliteConnection connection = file.OpenForWriting();
        TelemetryFile.Run(connection, "INSERT INTO edges VALUES (1, 0, '', 1, 'shop')");

        Assert.True(File.Exists(file.Path));
        foreach (string path in Directory.GetFiles(_folder["data"]))
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_store_of_another_version_is_put_aside_and_not_lost()
    {
        TelemetryFile file = FileIn(_folder.Path);
        using (Microsoft.Data.Sqlite.SqliteConnection old = file.OpenForWriting())
            TelemetryFile.Run(old, "INSERT INTO edges VALUES (1, 0, '', 1, 'shop'); PRAGMA user_version=99");

        using Microsoft.Data.Sqlite.SqliteConnection connection = file.OpenForWriting();

        Assert.Equal(0, TelemetryFile.Number(connection, "SELECT count(*) FROM edges"));
        Assert.True(new FileInfo(file.Path + ".version-99").Length > 0);
    }

    [Fact]
    public void A_folder_that_cannot_be_used_is_named_with_its_setting()
    {
        File.WriteAllText(_folder["taken"], "a file");

        IOException fault = Assert.Throws<IOException>(() => FileIn(_folder["taken"]).OpenForWriting());

        Assert.StartsWith("Console:DataFolder:", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static TelemetryFile FileIn(string folder) =>
        new(Options.Create(new ConsoleOptions { DataFolder = folder }), NullLogger<TelemetryFile>.Instance);
}
