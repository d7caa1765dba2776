using Xunit;

namespace Quintet.Conformance.Drill;

/// <summary>The drill's own check finds what it is there to find.</summary>
public sealed class LedgerTests
{
    private static readonly Item First = new(1, 1), Second = new(1, 2), Third = new(1, 3);

    [Fact]
    public void Nothing_is_broken_when_all_that_was_confirmed_is_there_or_acknowledged()
    {
        Assert.Empty(Filled().Check([Second, Third]));
    }

    [Fact]
    public void A_lost_message_is_named()
    {
        Assert.Equal(["1/3 was confirmed and is lost"], Filled().Check([Second]));
    }

    [Fact]
    public void A_message_that_came_back_after_its_acknowledgement_is_named()
    {
        Assert.Equal(["1/1 was acknowledged for certain and is still there"], Filled().Check([First, Second, Third]));
    }

    [Fact]
    public void A_message_that_is_there_twice_or_out_of_order_or_unknown_is_named()
    {
        Assert.Equal(["1/2 is there 2 times"], Filled().Check([Second, Second, Third]));
        Assert.Equal(["the drained queue: 1/2 came after 3 of the same publisher"], Filled().Check([Third, Second]));
        Assert.Equal(["2/7 was never published"], Filled().Check([Second, Third, new Item(2, 7)]));
    }

    [Fact]
    public void A_message_delivered_twice_as_if_for_the_first_time_is_named()
    {
        Ledger ledger = Filled();
        ledger.Deliver("another consumer", First, isRedelivered: false);

        Assert.Equal(["1/1 was delivered 2 times as if for the first time"], ledger.Check([Second, Third]));
    }

    /// <summary>Three are confirmed, the first is delivered and its acknowledgement certain.</summary>
    private static Ledger Filled()
    {
        Ledger ledger = new();
        foreach (Item item in (Item[])[First, Second, Third])
        {
            ledger.Sent(item);
            ledger.Confirm(item);
        }

        ledger.Deliver("a consumer", First, isRedelivered: false);
        ledger.Ack(First);
        ledger.Settle(First);
        return ledger;
    }
}
