using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Quintet.Client.Telemetry;
using Quintet.Console.Parts;
using Quintet.Terminal;

namespace Quintet.Commands.Watching;

/// <summary><c>quintet traces</c>: the traces that the console keeps, and one of them as a tree.</summary>
internal sealed class TracesCommand
{
    private const int LimitMax = 500;

    private readonly SystemOptions _system;
    private readonly Argument<string?> _id =
        new("id") { Description = "A trace: prints its spans as a tree. Without it, the list.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _service = new("--service") { Description = "A service or box that took part.", HelpName = "name" };
    private readonly Option<string?> _name = new("--name") { Description = "A part of what it began with, such as 'POST /users'.", HelpName = "text" };
    private readonly Option<bool> _errors = new("--errors") { Description = "Only those with an error." };
    private readonly Option<bool> _slowest = new("--slowest") { Description = "The slowest first, not the newest." };
    private readonly Option<string?> _min = new("--min") { Description = "Those that took at least so long, such as 200ms.", HelpName = "duration" };
    private readonly Option<string?> _text = new("--text") { Description = "Words that stand in their spans.", HelpName = "words" };
    private readonly Option<bool> _parts = new("--parts") { Description = "What the parts of the system ask each other, too; with --service always." };
    private readonly Option<string?> _last =
        new("--last") { Description = "How far back, such as 15m, 1h or 3d.", HelpName = "duration", DefaultValueFactory = _ => "1h" };
    private readonly Option<int> _limit =
        new("--limit", "-n") { Description = $"How many at most, up to {LimitMax}.", HelpName = "count", DefaultValueFactory = _ => 20 };

    private TracesCommand(Command command)
    {
        _system = SystemOptions.AddTo(command);
        command.Arguments.Add(_id);
        foreach (Option option in (Option[])[_service, _name, _errors, _slowest, _min, _text, _parts, _last, _limit]) command.Options.Add(option);
        _system.CompleteWithParts(_service);
        _last.CompletionSources.Add("5m", "15m", "1h", "6h", "24h", "3d");
        _min.CompletionSources.Add("100ms", "200ms", "500ms", "1s", "5s");
        SystemOptions.Limit(_limit, LimitMax);
        SystemOptions.Duration(_min);
        SystemOptions.Duration(_last);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_id) is not { } id) return;
            if (id.Length != 32 || !id.All(char.IsAsciiHexDigit))
                result.AddError($"'{id}' is no trace id, which has 32 hexadecimal digits; to search use --text");
            Option[] filters = [_service, _name, _errors, _slowest, _min, _text, _parts];
            Option? filter = filters.FirstOrDefault(option => result.GetResult(option) is { Implicit: false });
            if (filter is not null) result.AddError($"{filter.Name} narrows the list and does not go with the id of one trace");
        });
        command.SetAction(RunAsync);
    }

    public static Command Create()
    {
        Command command = new("traces",
            """
            List traces, or print one as a tree of its spans.

            Examples:
              quintet traces                                    the newest of the last hour
              quintet traces --errors --last 24h                what failed since yesterday
              quintet traces --slowest --name 'POST /users'     the slowest sign-ups
              quintet traces --service users --min 200ms        what took long and went through users
              quintet traces 4bf92f3577b34da6a3ce929d0e0e4736   one of them, span by span
              quintet traces --errors --json | jq -r '.[].traceId'
            """);
        _ = new TracesCommand(command);
        return command;
    }

    private async Task<int> RunAsync(ParseResult line, CancellationToken cancellation)
    {
        bool isJson = _system.IsJson(line);
        using ConsoleApiClient console = await _system.ConsoleAsync(line, cancellation);
        if (line.GetValue(_id) is { } id)
        {
            TraceTreeInfo trace = await FindAsync(console, id, cancellation);
            System.Console.Write(isJson ? $"{JsonSerializer.Serialize(trace, CommandJson.Default.TraceTreeInfo)}\n" : SpanTree.Of(trace));
            return ExitCode.Done;
        }

        IReadOnlyList<TraceInfo> traces = await console.TracesAsync(QuestionOf(line), cancellation);
        if (isJson) System.Console.WriteLine(JsonSerializer.Serialize(traces, CommandJson.Default.IReadOnlyListTraceInfo));
        else Print(traces);
        return traces.Count > 0 || isJson ? ExitCode.Done : throw new CommandException(ExitCode.NotFound,
            $"no such trace within the last {line.GetValue(_last)}; --last looks further back, and a trace is there a second or two after its end");
    }

    private TraceQuestion QuestionOf(ParseResult line) => new(line.GetValue(_last)!, line.GetValue(_limit))
    {
        // Boxes put the product before their name in telemetry.
        Service = line.GetValue(_service) is { } name ? PartName.InTelemetry(name) : null,
        Name = line.GetValue(_name),
        OnlyErrors = line.GetValue(_errors),
        SlowestFirst = line.GetValue(_slowest),
        MinDuration = line.GetValue(_min),
        Text = line.GetValue(_text),
        WithParts = line.GetValue(_parts) || line.GetValue(_service) is not null,
    };

    private static async Task<TraceTreeInfo> FindAsync(ConsoleApiClient console, string id, CancellationToken cancellation)
    {
        try
        {
            return await console.TraceAsync(id, cancellation);
        }
        catch (ConsoleApiException unknown) when (unknown.Status == System.Net.HttpStatusCode.NotFound)
        {
            throw new CommandException(ExitCode.NotFound,
                $"nothing is kept of trace {id}: it is older than three days, was sampled away, or has not arrived yet; 'quintet story {id}' may know more");
        }
    }

    private static void Print(IReadOnlyList<TraceInfo> traces)
    {
        if (traces.Count == 0) return;
        TextTable table = new("BEGAN (UTC)", "TOOK", "STATUS", "SPANS", "ERRORS", "WHAT", "SERVICES", "TRACE");
        foreach (TraceInfo trace in traces)
        {
            table.Add(
                trace.Start.UtcDateTime.ToString("MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture), Words.Duration(trace.Duration),
                trace.Status?.ToString(CultureInfo.InvariantCulture) ?? "-", trace.Spans.ToString(CultureInfo.InvariantCulture),
                trace.Errors.ToString(CultureInfo.InvariantCulture), Words.Plain(trace.Name), Words.Plain(string.Join(',', trace.Services)), trace.TraceId);
        }

        System.Console.Write(table);
    }
}
