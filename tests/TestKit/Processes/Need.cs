using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.TestKit.Processes;

/// <summary>Skips a test whose foreign program is not on the machine, and says which package brings it.</summary>
public static class Need
{
    /// <summary>Debian's own Python: its python3-* packages are not seen by another Python that stands first on PATH.</summary>
    public const string Python = "/usr/bin/python3";

    /// <summary>A file that a Debian package brings.</summary>
    public static string DebianFile(string path, string package)
    {
        if (!File.Exists(path)) Assert.Skip($"needs Debian's {package} ({path} is missing): apt-get install {package}");
        return path;
    }

    /// <summary>A module of Debian's Python.</summary>
    public static void PythonModule(string module, string package)
    {
        DebianFile(Python, "python3");
        if (!Directory.Exists($"/usr/lib/python3/dist-packages/{module}") && !File.Exists($"/usr/lib/python3/dist-packages/{module}.py"))
            Assert.Skip($"needs Debian's {package}: apt-get install {package}");
    }

    /// <summary>A program on PATH.</summary>
    public static string Program(string name, string package)
    {
        string? found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (found is null) Assert.Skip($"needs {name}: apt-get install {package}");
        return found;
    }

    /// <summary>npm packages installed beside a package.json by <c>npm ci</c>.</summary>
    public static string NodeModules(string folder)
    {
        string modules = Path.Combine(folder, "node_modules");
        if (!Directory.Exists(modules)) Assert.Skip($"needs npm packages: (cd {folder} && npm ci)");
        return modules;
    }

    /// <summary>A program that a script of this repository unpacks below the checkout.</summary>
    public static string Unpacked(string path, string script)
    {
        string file = Repository.At(path);
        if (!File.Exists(file)) Assert.Skip($"needs {path}: {script}");
        return file;
    }
}
