using Quintet.EndToEnd;
using Quintet.EndToEnd.Drills;
using Xunit;

namespace Quintet.Engines.Drills;

/// <summary>The drill of the end-to-end tests on engines, which are killed, stopped and cut off in turn.</summary>
public sealed class EngineDrillTests(RunningSystem running)
{
    [Fact]
    public Task Every_accepted_user_is_there_once_and_has_one_mail_whatever_engine_fails() => RunAsync("engines-short", DrillPlan.Short());

    /// <summary>Ten thousand users: <c>tests/Engines/drill</c>.</summary>
    [Fact(Explicit = true)]
    public Task Ten_thousand_accepted_users_are_there_once_and_have_one_mail_whatever_engine_fails() => RunAsync("engines-long", DrillPlan.Long());

    private async Task RunAsync(string name, DrillPlan plan)
    {
        using DrillLog log = new(name, plan.Seed);
        await new Drill(running, plan, Mailbox.Pickup(running.System), log).RunAsync(TestContext.Current.CancellationToken);
    }
}
