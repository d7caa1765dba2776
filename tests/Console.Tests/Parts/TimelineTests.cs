using Quintet.Client.Supervisor;
using Quintet.Console.Parts;
using Quintet.Console.Records;
using Quintet.Console.Tests.Telemetry;

namespace Quintet.Console.Tests.Parts;

public sealed class TimelineTests
{
    [Fact]
    public void What_was_done_and_what_was_started_within_the_time_is_marked_in_its_order()
    {
        AuditEntry[] audit =
        [
            Entry("deploy", "users", -10), Entry("login", "console", -9), Entry("scale", "users", -8, "failed"), Entry("configure", "users.yml", -90),
        ];
        SystemProcess[] processes = [Process("users-1", upMinutes: 5, build: 3), Process("broker", upMinutes: 600, build: 0), Process("down", 0, 0)];

        IReadOnlyList<Flag> flags = Timeline.Flags(audit, (Otlp.Noon, processes), [], Otlp.Noon.AddHours(-1));

        Assert.Equal(["ann: deploy users", "users-1 started, build 3"], flags.Select(flag => flag.Words));
        Assert.Equal(Otlp.Noon.AddMinutes(-5), flags[1].At);
    }

    [Fact]
    public void A_commit_past_the_console_is_marked_and_one_through_it_only_once()
    {
        const string own = "3f9c0a52d7e13f9c0a52d7e13f9c0a52d7e13f9c";
        AuditEntry configured = Entry("configure", "users.yml", -10) with { Result = SeenVersion.Committed("users.yml", own) };
        SeenVersion[] versions = [new(Otlp.Noon.AddMinutes(-9), own), new(Otlp.Noon.AddMinutes(-5), "77aa0a52d7e13f9c0a52d7e13f9c0a52d7e13f9c")];

        IReadOnlyList<Flag> flags = Timeline.Flags([configured], (Otlp.Noon, []), versions, Otlp.Noon.AddHours(-1));

        Assert.Equal(["ann: configure users.yml", "configuration: commit 77aa0a52d7"], flags.Select(flag => flag.Words));
    }

    [Fact]
    public void A_step_has_the_highest_depth_seen_in_it_and_is_a_gap_where_none_was()
    {
        DateTimeOffset[] times = [.. Enumerable.Range(0, 4).Select(i => Otlp.Noon.AddMinutes(i))];
        Moment[] moments = [At(-1, 99), At(0.1, 3), At(0.9, 7), At(1.5, null), At(2, 0), At(9, 99)];

        Assert.Equal([7d, null, 0d, null], Timeline.Depths(moments, times, TimeSpan.FromMinutes(1)));
    }

    private static Moment At(double minutes, double? depth) => new(Otlp.Noon.AddMinutes(minutes), null, depth);

    private static AuditEntry Entry(string action, string target, double minutes, string outcome = "done") =>
        new(Otlp.Noon.AddMinutes(minutes), "ann", "Operator", "", action, target, "", outcome, "");

    private static SystemProcess Process(string instance, double upMinutes, int build) =>
        new("users", instance, 1, "ready", null, 0, 1, "", "") { UpSeconds = upMinutes * 60, Build = build };
}
