using Xunit;

namespace Quintet.Tidy.House;

public sealed class LayoutTests
{
    private const int FilesInAFolder = 18;

    [Fact]
    public void A_project_root_holds_the_entry_and_the_options_only()
    {
        string[] strays =
        [
            .. Checkout.Sources("src/", "services/")
                .Where(path => path.Count(c => c == '/') == 2)
                .Where(path => Path.GetFileName(path) is var file
                    && file != "Program.cs" && file != "AssemblyInfo.cs"
                    && !file.EndsWith("Options.cs", StringComparison.Ordinal)
                    && !file.EndsWith("Box.cs", StringComparison.Ordinal)
                    && !file.EndsWith("Db.cs", StringComparison.Ordinal)
                    && !IsEntry(path)),
        ];
        Assert.Empty(strays);
    }

    [Fact]
    public void A_folder_is_one_concept()
    {
        Assert.Empty(Checkout.Sources("src/", "services/", "tests/")
            .GroupBy(path => Path.GetDirectoryName(path)!)
            .Where(folder => folder.Count() > FilesInAFolder)
            .Select(folder => $"{folder.Key} has {folder.Count()} files; above {FilesInAFolder} it is two concepts"));
    }

    [Theory]
    [InlineData("services/", 25)]
    [InlineData("src/", 60)]
    public void Program_stays_short(string below, int limit)
    {
        Assert.Empty(Checkout.Sources(below)
            .Where(path => path.EndsWith("/Program.cs", StringComparison.Ordinal))
            .Select(path => (path, lines: Checkout.Read(path).TrimEnd().Split('\n').Length))
            .Where(program => program.lines > limit));
    }

    [Fact]
    public void Services_share_no_block_of_twelve_identical_lines()
    {
        const int block = 12;
        Dictionary<string, (string Service, string Place)> seen = [];
        List<string> shared = [];
        foreach (string path in Checkout.Sources("services/"))
        {
            string service = path.Split('/')[1];
            string[] lines = [.. Checkout.Read(path).Split('\n')
                .Select(line => line.Trim())
                .Where(line => line.Length > 0 && !line.StartsWith("using ", StringComparison.Ordinal))];
            for (int i = 0; i + block <= lines.Length; i++)
            {
                string key = string.Join('\n', lines[i..(i + block)]);
                if (!seen.TryAdd(key, (service, $"{path}:{i + 1}")) && seen[key].Service != service)
                    shared.Add($"{path}:{i + 1} repeats {seen[key].Place}: it belongs into the chassis");
            }
        }

        Assert.Empty(shared);
    }

    private static bool IsEntry(string path) => path is "src/Hosting/BoxHost.cs" or "src/Broker/QuintetBroker.cs" or "src/Chassis/QuintetExtensions.cs";
}
