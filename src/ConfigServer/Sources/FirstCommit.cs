using LibGit2Sharp;

namespace Quintet.ConfigServer.Sources;

/// <summary>
/// Makes the repository at the first start. It is built under another name and renamed when complete, so that a process that dies in between
/// leaves nothing half made.
/// </summary>
internal sealed class FirstCommit(GitRepository repository, SnapshotSettings settings, TimeProvider time)
{
    private const string Branch = "main";

    private const string DefaultFile = "application.yml";

    private const string DefaultContent =
        """
        # Configuration that every application gets. Beside this file:
        #   <application>.yml            one application alone
        #   application-<profile>.yml    every application, in one profile
        #   <application>-<profile>.yml  one application in one profile
        # A commit to this repository is noticed at once. .yaml, .properties and .json work too.
        """;

    public void MakeIfMissing()
    {
        RemoveUnfinished();
        if (Repository.IsValid(repository.Path)) return;
        if (Directory.Exists(repository.Path) && Directory.EnumerateFileSystemEntries(repository.Path).Any())
            throw new RepositoryException(
                $"{repository.Path} is neither a Git repository nor empty: name another folder with {ConfigServerOptions.Section}:Repository");

        IReadOnlyDictionary<string, byte[]> files = FirstFiles();
        string unfinished = $"{repository.Path}{Suffix}{Guid.NewGuid():n}";
        Make(unfinished, files);
        if (Directory.Exists(repository.Path)) Directory.Delete(repository.Path);
        Directory.Move(unfinished, repository.Path);
    }

    private const string Suffix = ".unfinished-";

    private void RemoveUnfinished()
    {
        string parent = Path.GetDirectoryName(repository.Path)!;
        Directory.CreateDirectory(parent);
        foreach (string unfinished in Directory.EnumerateDirectories(parent, Path.GetFileName(repository.Path) + Suffix + "*"))
            Directory.Delete(unfinished, recursive: true);
    }

    private void Make(string folder, IReadOnlyDictionary<string, byte[]> files)
    {
        Repository.Init(folder, isBare: true);
        using Repository made = new(folder);
        TreeDefinition tree = new();
        foreach ((string path, byte[] content) in files)
        {
            using MemoryStream stream = new(content);
            tree.Add(path, made.ObjectDatabase.CreateBlob(stream), Mode.NonExecutableFile);
        }

        Signature author = new("Quintet", "quintet@localhost", time.GetUtcNow());
        Commit commit = made.ObjectDatabase.CreateCommit(
            author, author, "Begin with the first configuration\n", made.ObjectDatabase.CreateTree(tree), [], false);
        made.Refs.Add($"refs/heads/{Branch}", commit.Id, "first start");
        made.Refs.Add("HEAD", $"refs/heads/{Branch}", "first start", allowOverwrite: true);
    }

    private IReadOnlyDictionary<string, byte[]> FirstFiles()
    {
        if (settings.Options.SeedFolder is not { } folder)
            return new Dictionary<string, byte[]> { [DefaultFile] = System.Text.Encoding.UTF8.GetBytes(DefaultContent + "\n") };
        if (!Directory.Exists(folder)) throw new RepositoryException($"{ConfigServerOptions.Section}:SeedFolder: the folder {folder} does not exist");

        SnapshotReader reader = new(settings);
        EnumerationOptions everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.ReparsePoint };
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal);
        List<FileFault> faults = [];
        foreach (string file in Directory.EnumerateFiles(folder, "*", everything))
        {
            string path = Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/');
            if (new FileInfo(file).Length > settings.Options.Limits.FileBytes)
                faults.Add(new FileFault(path, 0, $"larger than {settings.Options.Limits.FileBytes} bytes"));
            else files[path] = File.ReadAllBytes(file);
        }

        faults.AddRange(files.Select(file => reader.FaultOf(file.Key, file.Value)).OfType<FileFault>());
        if (faults.Count == 0) return files;
        throw new RepositoryException($"{ConfigServerOptions.Section}:SeedFolder {folder} cannot be served: {string.Join("; ", faults)}");
    }
}
