using Quintet.EndToEnd;
using Quintet.EndToEnd.Drills;
using Xunit;

namespace Quintet.Engines.Drills;

/// <summary>The drill of the end-to-end tests on engines, which are killed and stopped in turn. It takes minutes, so it runs when asked for:
/// <c>artifacts/bin/Engines/debug/Quintet.Engines -explicit only</c>.</summary>
public sealed class EngineDrillTests(RunningSystem running)
{
    [Fact(Explicit = true)]
    public async Task Every_accepted_user_is_there_once_and_has_one_mail_whatever_engine_fails()
    {
        DrillPlan plan = DrillPlan.Short();
        using DrillLog log = new("engines", plan.Seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"QUINTET_DRILL_SEED={plan.Seed}; what happened: {log.Path}");
        await new Drill(running, plan, log).RunAsync(TestContext.Current.CancellationToken);
    }
}
