using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Quintet.Hosting.Errors;
using Quintet.Hosting.Settings;
using Quintet.Supervision.Instances;
using Quintet.Supervision.Logs;
using Quintet.Supervision.Processes;

namespace Quintet.Supervision.Control;

/// <summary>
/// The control API: what the commands and the console ask of a running system. Every request needs the token; the listener is on
/// loopback, but a browser on the same machine is not its user.
/// </summary>
internal sealed class ControlRoutes(Supervisor supervisor, string address)
{
    private const int LinesMax = 10_000;

    private readonly Secret _token = new(supervisor.ControlToken);

    /// <summary>A switch instead of the router: nine lines, and the supervisor starts without it.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (!IsAllowed(context.Request)) throw new ChangeException(401, "the token in secrets.json is needed: Authorization: Bearer …");
            Task handled = (context.Request.Method, context.Request.Path.Value) switch
            {
                ("GET", "/v1/status") => AnswerAsync(context, Status(), ControlJson.Default.StatusAnswer),
                ("GET", "/v1/environment") => AnswerAsync(context, supervisor.OperatorEnvironment(), ControlJson.Default.IReadOnlyDictionaryStringString),
                ("GET", "/v1/logs") => LogsAsync(context),
                ("POST", "/v1/scale") => ScaleAsync(context),
                ("POST", "/v1/deploy") => ChangeAsync(context, supervisor.DeployAsync),
                ("POST", "/v1/restart") => ChangeAsync(context, supervisor.RestartAsync),
                ("POST", "/v1/stop") => StopAsync(context),
                _ => throw new ChangeException(404, $"the control API has no {context.Request.Method} {context.Request.Path}"),
            };
            await handled;
        }
        catch (ChangeException fault)
        {
            await RefuseAsync(context, fault.Status, fault.Message, fault.Log);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException && !context.Response.HasStarted)
        {
            await RefuseAsync(context, 500, fault.Message, []);
        }
        catch (JsonException fault)
        {
            await RefuseAsync(context, 400, $"the body is not what is expected: {fault.Message}", []);
        }
    }

    private bool IsAllowed(HttpRequest request)
    {
        const string scheme = "Bearer ";
        string given = request.Headers.Authorization.ToString();
        return given.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) && _token.Matches(given[scheme.Length..].Trim());
    }

    private StatusAnswer Status()
    {
        ProcessAnswer own = Process("supervisor", "supervisor", Environment.ProcessId, InstanceState.Ready, (address, 0, ""));
        IEnumerable<ProcessAnswer> processes = supervisor.Instances
            .Select(i => Process(i.Plan.Part, i.Plan.Id, i.Pid, i.State, (i.Plan.Endpoint, i.Restarts, i.Reason)) with { Build = i.Plan.Build });
        return new StatusAnswer(supervisor.IsReady, supervisor.Name, [.. processes, own], supervisor.Failure);
    }

    private ProcessAnswer Process(string part, string instance, int pid, InstanceState state, (string Endpoint, int Restarts, string Reason) rest)
    {
        double memoryMb = pid == 0 ? 0 : Math.Round(ProcessTable.ResidentBytes(pid) / 1048576.0, 1);
        string name = state.ToString().ToLowerInvariant();
        ProcessTimes times = pid == 0 ? default : ProcessTable.TimesOf(pid);
        return new ProcessAnswer(part, instance, pid, name, rest.Endpoint, rest.Restarts, memoryMb, supervisor.EngineOf(part), rest.Reason)
        {
            CpuSeconds = Math.Round(times.Processor.TotalSeconds, 2),
            UpSeconds = Math.Round(times.Up.TotalSeconds, 1),
        };
    }

    private async Task ScaleAsync(HttpContext context)
    {
        ScaleRequest? wanted = await JsonSerializer.DeserializeAsync(context.Request.Body, ControlJson.Default.ScaleRequest, context.RequestAborted);
        if (wanted?.Service is not { } service || wanted.Replicas is not { } replicas)
            throw new ChangeException(400, "'service' and 'replicas' are needed");
        string done = await supervisor.ScaleAsync(service, replicas, context.RequestAborted);
        await AnswerAsync(context, new ChangeAnswer(done), ControlJson.Default.ChangeAnswer);
    }

    private static async Task ChangeAsync(HttpContext context, Func<string, CancellationToken, Task<string>> change)
    {
        PartRequest? wanted = await JsonSerializer.DeserializeAsync(context.Request.Body, ControlJson.Default.PartRequest, context.RequestAborted);
        string done = await change(wanted?.Part ?? throw new ChangeException(400, "'part' is needed"), context.RequestAborted);
        await AnswerAsync(context, new ChangeAnswer(done), ControlJson.Default.ChangeAnswer);
    }

    private async Task StopAsync(HttpContext context)
    {
        await AnswerAsync(context, new ChangeAnswer("stopping"), ControlJson.Default.ChangeAnswer);
        await context.Response.CompleteAsync();
        supervisor.WantStop();
    }

    private async Task LogsAsync(HttpContext context)
    {
        string? part = context.Request.Query["part"];
        if (!int.TryParse(context.Request.Query["lines"].FirstOrDefault("100"), NumberStyles.None, CultureInfo.InvariantCulture, out int lines)
            || lines > LinesMax)
            throw new ChangeException(400, $"'lines' is a number from 0 to {LinesMax}");
        StringBuilder text = new();
        foreach (Instance instance in supervisor.Find(part))
            foreach (string line in LogReader.Tail(instance.LogPath, lines)) text.Append(instance.Plan.Id).Append(' ').Append(line).Append('\n');
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    private static Task AnswerAsync<T>(HttpContext context, T answer, JsonTypeInfo<T> type) =>
        WriteAsync(context, 200, "application/json", JsonSerializer.SerializeToUtf8Bytes(answer, type));

    private static Task RefuseAsync(HttpContext context, int status, string detail, IReadOnlyList<string> log)
    {
        ProblemAnswer problem = new(Problems.TypeOf("control"), "The supervisor refused", status, detail, log);
        return WriteAsync(context, status, "application/problem+json", JsonSerializer.SerializeToUtf8Bytes(problem, ControlJson.Default.ProblemAnswer));
    }

    private static async Task WriteAsync(HttpContext context, int status, string type, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
