using Quintet.Terminal;

namespace Quintet.Engines;

/// <summary>Does what is not there yet, step by step, and tells each; or only tells, when nothing is to be changed.</summary>
/// <param name="isDryRun">Nothing is changed.</param>
/// <param name="tell">Hears each step as it is done: engine, outcome, what.</param>
internal sealed class EngineSteps(bool isDryRun, Action<string, string, string> tell)
{
    /// <summary>The outcome of a step of a dry run that would change something.</summary>
    public const string ToDo = "to do";

    /// <summary>All of them, for scripts.</summary>
    public Rows Rows { get; } = new("engine", "outcome", "step");

    public bool IsDryRun => isDryRun;

    /// <param name="engine">Which engine.</param>
    /// <param name="what">What there will be.</param>
    /// <param name="isThere">Whether it is there already, exactly so.</param>
    /// <param name="make">Makes it.</param>
    public async Task EnsureAsync(string engine, string what, bool isThere, Func<Task> make)
    {
        if (!isThere && !isDryRun) await make();
        Add(engine, isThere ? "unchanged" : isDryRun ? ToDo : "done", what);
    }

    /// <summary>Something the user should know, where there is nothing to do.</summary>
    public void Say(string engine, string what) => Add(engine, "nothing", what);

    private void Add(string engine, string outcome, string what)
    {
        Rows.Add(engine, outcome, what);
        tell(engine, outcome, what);
    }
}
