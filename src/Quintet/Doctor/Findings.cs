using Quintet.Engines;
using Quintet.Terminal;

namespace Quintet.Doctor;

/// <summary>What was looked at, one line each, told as it is found.</summary>
/// <param name="tell">Hears each: result, what was looked at, and what was found.</param>
internal sealed class Findings(Action<string, string, string> tell)
{
    /// <summary>All of them, for scripts.</summary>
    public Rows Rows { get; } = new("result", "check", "finding");

    /// <summary>Something keeps the system from working.</summary>
    public bool HasFaults { get; private set; }

    public void Ok(string check, string finding) => Add("ok", check, finding);

    /// <summary>It works; <paramref name="remedy"/> makes it better.</summary>
    public void Warn(string check, string finding, string remedy) => Add("warning", check, $"{finding}; {remedy}");

    public void Fault(string check, string finding, string remedy)
    {
        HasFaults = true;
        Add("fault", check, $"{finding}; {remedy}");
    }

    /// <summary>Asks what <c>quintet engines apply</c> would have to do: all that is a fault.</summary>
    public EngineSteps Missing() => new(isDryRun: true, (engine, outcome, what) =>
    {
        if (outcome == EngineSteps.ToDo) Fault(engine, $"{what}: is missing or has been changed", "run 'quintet engines apply'");
    });

    private void Add(string result, string check, string finding)
    {
        Rows.Add(result, check, finding);
        tell(result, check, finding);
    }
}
