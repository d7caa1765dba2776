using Quintet.Chassis.Calls;
using Xunit;

namespace Quintet.Chassis.Tests.Calls;

public sealed class RetryBudgetTests
{
    [Fact]
    public void Repeats_end_when_their_budget_is_spent_and_ten_calls_earn_one()
    {
        RetryBudget budget = new(share: 0.1, burst: 10);

        int spent = 0;
        while (budget.TrySpend()) spent++;
        for (int call = 0; call < 11; call++) budget.Earn();

        Assert.Equal(10, spent);
        Assert.True(budget.TrySpend());
        Assert.False(budget.TrySpend());
    }
}
