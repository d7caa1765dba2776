using System.Globalization;
using System.Text.Json;
using Quintet.Supervision.State;

namespace Quintet.Supervision.Builds;

/// <summary>The published applications of one service: <c>apps/users/3/</c> with its stamp <c>apps/users/3.json</c>.</summary>
internal sealed class AppBuilds(StateFolder state, string service)
{
    /// <summary>How many finished builds stay besides those in use: one to look back at.</summary>
    private const int Kept = 2;

    private string Folder => Path.Combine(state.Apps, service);

    /// <summary>The newest build when it was made from these sources; otherwise null.</summary>
    public AppBuild? Current(string fingerprint)
    {
        if (Numbers().FirstOrDefault() is not (> 0 and int newest)) return null;
        BuildStamp? stamp = ReadStamp(newest);
        return stamp?.Fingerprint == fingerprint ? new AppBuild(newest, FolderOf(newest), stamp.Assembly) : null;
    }

    /// <summary>Publishes the project under the next number.</summary>
    /// <exception cref="BuildException">The compiler or the restore failed.</exception>
    public async Task<AppBuild> PublishAsync(string project, string fingerprint, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Folder);
        int number = Numbers().Concat(UnfinishedNumbers()).DefaultIfEmpty(0).Max() + 1;
        string folder = FolderOf(number);
        try
        {
            await DotnetPublish.RunAsync(project, folder, cancellation);
            BuildStamp stamp = new(fingerprint, AssemblyIn(folder));
            StateFolder.WritePrivate(StampOf(number), JsonSerializer.SerializeToUtf8Bytes(stamp, StateJson.Default.BuildStamp));
            return new AppBuild(number, folder, stamp.Assembly);
        }
        catch
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>Removes what is neither in use nor among the newest.</summary>
    public void Prune(IReadOnlySet<int> inUse)
    {
        foreach (int number in Numbers().Skip(Kept).Where(n => !inUse.Contains(n)).Concat(UnfinishedNumbers()).ToList())
        {
            // The stamp goes first: half a folder must not look like a build.
            File.Delete(StampOf(number));
            if (Directory.Exists(FolderOf(number))) Directory.Delete(FolderOf(number), recursive: true);
        }
    }

    private static string AssemblyIn(string folder)
    {
        string[] programs = Directory.GetFiles(folder, "*.runtimeconfig.json");
        if (programs.Length != 1)
            throw new BuildException([$"the published folder has {programs.Length} programs instead of one; is it an executable project?"]);
        return Path.GetFileName(programs[0])[..^".runtimeconfig.json".Length];
    }

    /// <summary>Finished builds, newest first.</summary>
    private IEnumerable<int> Numbers() =>
        !Directory.Exists(Folder) ? [] : Directory.GetFiles(Folder, "*.json").Select(Parse)
            .Where(n => n > 0 && Directory.Exists(FolderOf(n))).OrderDescending();

    private IEnumerable<int> UnfinishedNumbers() =>
        !Directory.Exists(Folder) ? [] : Directory.GetDirectories(Folder).Select(Parse).Where(n => n > 0 && !File.Exists(StampOf(n)));

    private static int Parse(string path) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;

    private string FolderOf(int number) => Path.Combine(Folder, number.ToString(CultureInfo.InvariantCulture));

    private string StampOf(int number) => FolderOf(number) + ".json";

    private BuildStamp? ReadStamp(int number)
    {
        try
        {
            return StateFolder.ReadJson(StampOf(number), StateJson.Default.BuildStamp);
        }
        catch (JsonException)
        {
            return null; // not ours, or torn: then it is built again
        }
    }
}
