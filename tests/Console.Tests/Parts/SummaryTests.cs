using System.Text.Json;
using Quintet.Client.Broker;
using Quintet.Client.Supervisor;
using Quintet.Console.Parts;

namespace Quintet.Console.Tests.Parts;

public sealed class SummaryTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public void All_well_says_how_much_there_is()
    {
        Summary summary = Summary.Of(Picture([Process("ready")], Queue("a", 2)));

        Assert.Equal((Summary.Ok, "All 1 process well. 2 messages waiting, 0 dead letters."), (summary.Level, summary.Sentence));
        Assert.Empty(summary.Needs);
    }

    [Fact]
    public void The_worst_true_thing_comes_first()
    {
        Summary summary = Summary.Of(Picture([Process("restarting"), Process("failed")], Queue("a", 0)));

        Assert.Equal(Summary.Failing, summary.Level);
        Assert.StartsWith("users-1 is failed.", summary.Sentence, StringComparison.Ordinal);
        Assert.Equal(2, summary.Needs.Count);
    }

    [Fact]
    public void Dead_letters_need_somebody()
    {
        Summary summary = Summary.Of(Picture([Process("ready")], Queue("a", 0, deadTo: "a.dead"), Queue("a.dead", 3)));

        Need need = Assert.Single(summary.Needs);
        Assert.Equal(("3 dead letters in a.dead.", "messages/a.dead"), (need.Sentence, need.Page));
    }

    [Fact]
    public void A_part_that_does_not_answer_is_not_taken_for_well()
    {
        SystemPicture picture = Picture([Process("ready")], Queue("a", 0));

        Summary summary = Summary.Of(picture with { Queues = picture.Queues with { Fault = "refused" } });

        Assert.Equal((Summary.Failing, "The broker is not reachable."), (summary.Level, summary.Sentence));
    }

    [Fact]
    public void Before_the_first_answer_nothing_is_claimed()
    {
        Assert.Equal(Summary.Idle, Summary.Of(SystemPicture.Unknown).Level);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1234567, "1\u2009234\u2009567")]
    [InlineData(0.25, "0.3")]
    [InlineData(12.7, "13")]
    public void Numbers_have_no_more_digits_than_mean_something(double value, string shown)
    {
        Assert.Equal(shown, Figures.Number(value));
    }

    [Theory]
    [InlineData(0.0004, "400 µs")]
    [InlineData(0.25, "250 ms")]
    [InlineData(5, "5 s")]
    [InlineData(1.034, "1.03 s")]
    [InlineData(-12.34, "\u221212.3 s")]
    [InlineData(75, "1 min 15 s")]
    [InlineData(7260, "2 h 1 min")]
    public void Durations_have_the_unit_that_fits(double seconds, string shown)
    {
        Assert.Equal(shown, Figures.Duration(TimeSpan.FromSeconds(seconds)));
    }

    private static SystemPicture Picture(SystemProcess[] processes, params QueueInfo[] queues) => new(Now)
    {
        System = new Reading<SystemStatus>(new SystemStatus(true, "reference", processes, null), Now, null),
        Queues = new Reading<QueuePicture>(new QueuePicture(queues, []), Now, null),
    };

    private static SystemProcess Process(string state) => new("users", "users-1", 7, state, "http://127.0.0.1:1", 0, 10, "", "why");

    private static QueueInfo Queue(string name, long ready, string? deadTo = null) => new(name, "/", "quorum", true, "running", ready, ready, 0, 1)
    {
        Arguments = JsonSerializer.SerializeToElement(deadTo is null
            ? new Dictionary<string, string>()
            : new Dictionary<string, string> { ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = deadTo }),
    };
}
