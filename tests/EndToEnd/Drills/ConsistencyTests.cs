using Xunit;

namespace Quintet.EndToEnd.Drills;

/// <summary>
/// Nothing lost, nothing twice, while each part is killed, stopped, cut off or locked in turn. docs/operate/consistency.md says what is promised.
/// </summary>
public sealed class ConsistencyTests(RunningSystem running)
{
    [Fact]
    public Task Every_accepted_user_is_there_once_and_has_one_mail_whatever_fails() => RunAsync("short", DrillPlan.Short());

    /// <summary>Ten thousand users, for about half an hour: <c>tests/EndToEnd/drill</c>.</summary>
    [Fact(Explicit = true)]
    public Task Ten_thousand_accepted_users_are_there_once_and_have_one_mail_whatever_fails() => RunAsync("long", DrillPlan.Long());

    private async Task RunAsync(string name, DrillPlan plan)
    {
        using DrillLog log = new(name, plan.Seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"QUINTET_DRILL_SEED={plan.Seed}; what happened: {log.Path}");
        await new Drill(running, plan, log).RunAsync(TestContext.Current.CancellationToken);
    }
}
