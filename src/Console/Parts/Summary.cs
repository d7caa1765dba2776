using System.Globalization;
using Quintet.Client.Broker;
using Quintet.Client.Supervisor;

namespace Quintet.Console.Parts;

/// <summary>The one sentence of how the system is, which says the worst true thing, and all that needs somebody.</summary>
/// <param name="Level"><c>ok</c>, <c>warning</c>, <c>failing</c>, or <c>idle</c> while nothing is known.</param>
/// <param name="Sentence">For people.</param>
/// <param name="Needs">What needs somebody, the worst first.</param>
internal sealed record Summary(string Level, string Sentence, IReadOnlyList<Need> Needs)
{
    public const string Ok = "ok";
    public const string Warning = "warning";
    public const string Failing = "failing";
    public const string Idle = "idle";

    public static Summary Of(SystemPicture picture)
    {
        if (picture.At == default) return new Summary(Idle, "Asking the parts how they are.", []);
        List<Need> needs = [.. Unreachable(picture), .. Processes(picture), .. Letters(picture)];
        needs = [.. needs.OrderBy(need => need.Level == Failing ? 0 : 1)];
        if (needs is [{ } worst, ..])
        {
            string more = needs.Count == 1 ? "" : $" {Figures.Count(needs.Count - 1, "more thing")} below.";
            return new Summary(worst.Level, worst.Sentence + more, needs);
        }

        return new Summary(Ok, AllWell(picture), []);
    }

    private static string AllWell(SystemPicture picture)
    {
        int count = picture.Processes.Count;
        string processes = count == 0 ? "Every part that was asked answers." : $"All {Figures.Count(count, "process")} well.";
        return picture.Queues.Value is { } queues
            ? string.Create(CultureInfo.InvariantCulture, $"{processes} {Figures.Count(queues.Depth, "message")} waiting, 0 dead letters.")
            : processes;
    }

    private static IEnumerable<Need> Unreachable(SystemPicture picture)
    {
        if (picture.System.Fault is { } system) yield return Away("The supervisor", picture.System.At, system, "services");
        if (picture.Registry.Fault is { } registry) yield return Away("The registry", picture.Registry.At, registry, "services");
        if (picture.Queues.Fault is { } queues) yield return Away("The broker", picture.Queues.At, queues, "messages");
    }

    private static Need Away(string part, DateTimeOffset last, string fault, string page) =>
        new(Failing, $"{part} is not reachable.", last == default ? fault : $"{fault} What is shown of it is old.", page);

    private static IEnumerable<Need> Processes(SystemPicture picture)
    {
        if (picture.System.Fault is not null) yield break;
        foreach (SystemProcess process in picture.Processes.Where(p => LevelOf(p.State) != Ok))
            yield return new Need(LevelOf(process.State), $"{process.Instance} is {process.State}.", process.Reason, $"services/{process.Part}");
    }

    private static IEnumerable<Need> Letters(SystemPicture picture)
    {
        if (picture.Queues.Value is not { } queues || picture.Queues.Fault is not null) yield break;
        foreach (QueueInfo queue in queues.Dead.Where(q => q.Messages > 0))
            yield return new Need(Failing, $"{Figures.Count(queue.Messages, "dead letter")} in {queue.Name}.",
                "What a service gave up: look why, mend it, send it back.", $"messages/{Uri.EscapeDataString(queue.Name)}");
    }

    /// <summary>What a process's state means.</summary>
    public static string LevelOf(string state) => state switch
    {
        "ready" => Ok,
        "failed" or "unhealthy" => Failing,
        "stopped" => Idle,
        _ => Warning,
    };
}

/// <summary>One thing that needs somebody.</summary>
/// <param name="Level">As in the summary.</param>
/// <param name="Sentence">What is.</param>
/// <param name="Detail">Why, or what to do.</param>
/// <param name="Page">Where more is seen.</param>
internal sealed record Need(string Level, string Sentence, string Detail, string Page);
