using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.EndToEnd.Drills;

/// <summary>What happened in a drill, a line each with its second, in <c>artifacts/drills/</c>; and how often each cause was given for a refusal.</summary>
internal sealed class DrillLog : IDisposable
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly ConcurrentDictionary<string, int> _causes = [];
    private readonly TextWriter _file;

    public DrillLog(string name, int seed)
    {
        string folder = Repository.At("artifacts/drills");
        Directory.CreateDirectory(folder);
        Path = System.IO.Path.Combine(folder, $"{name}-{seed}.log");
        _file = TextWriter.Synchronized(new StreamWriter(Path) { AutoFlush = true });
        Say($"seed {seed}; QUINTET_DRILL_SEED={seed} repeats the order of the faults");
        TestContext.Current.TestOutputHelper?.WriteLine($"QUINTET_DRILL_SEED={seed}; what happened: {Path}");
    }

    public string Path { get; }

    public IReadOnlyDictionary<string, int> Causes => _causes;

    public void Say(string line) =>
        _file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_start).TotalSeconds,8:0.000} {line}"));

    /// <summary>A request that got no definite answer, and why.</summary>
    public void Refused(string email, string cause)
    {
        _causes.AddOrUpdate(cause, 1, (_, count) => count + 1);
        Say($"refused {email}: {cause}");
    }

    public void Dispose() => _file.Dispose();
}
