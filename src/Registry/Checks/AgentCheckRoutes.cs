using System.Text.Json;
using Microsoft.Extensions.Options;
using Quintet.Registry.Http;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Checks;

/// <summary><c>/v1/agent/check*</c>: checks on this registry's own node, and the heartbeats of TTL checks.</summary>
internal sealed class AgentCheckRoutes(CommitLoop commits, CheckReports reports, CheckSchedule schedule, IOptions<RegistryOptions> options)
{
    public void Map(RouteTable routes)
    {
        routes.Put("/v1/agent/check/register", RegisterAsync);
        routes.Put("/v1/agent/check/deregister/", DeregisterAsync);
        routes.Put("/v1/agent/check/pass/", call => ReportAsync(call, CheckStatus.Passing));
        routes.Put("/v1/agent/check/warn/", call => ReportAsync(call, CheckStatus.Warning));
        routes.Put("/v1/agent/check/fail/", call => ReportAsync(call, CheckStatus.Critical));
        routes.Put("/v1/agent/check/update/", UpdateAsync);
        routes.Put("/_ext/v1/registry/heartbeat", HeartbeatAsync);
    }

    private async Task RegisterAsync(Call call)
    {
        JsonElement element = JsonFields.ParseValue(await ReadAsync(call), "Request decode failed: ");
        JsonFields fields = new(element);
        if (fields.Text("Name").Length == 0) throw RefusalException.BadRequest("Missing check name");
        CheckRow check = CheckDefinition.Parse(element, options.Value.Checks);
        if (check.Id.Length == 0) check = check with { Id = check.Name };
        if (check.Id.Length > options.Value.Limits.NameLengthMax)
            throw RefusalException.BadRequest($"CheckID may have {options.Value.Limits.NameLengthMax} characters");

        await commits.WriteAsync(draft =>
        {
            NodeEntry local = draft.State.Local;
            if (check.ServiceId.Length > 0 && !local.Instances.ContainsKey(check.ServiceId))
                throw new RefusalException(500, $"ServiceID \"{check.ServiceId}\" does not exist");
            CheckAccess.Demand(call.Grant, local, check);
            CheckRow? before = local.FindCheck(check.Id);
            if (before is not null) CheckAccess.Demand(call.Grant, local, before);
            bool goesOn = before is not null && check.GoesOnFrom(before);
            if (before is null && local.CheckCount >= options.Value.Limits.ChecksMax)
                throw new RefusalException(429, "Too many checks; the limit is Registry:Limits:ChecksMax");
            draft.PutCheck(check with
            {
                Node = local.Row.Name,
                Status = goesOn ? before!.Status : check.Status,
                Output = goesOn ? before!.Output : check.Output,
            });
        });
        schedule.Restart([check.Id]);
        await call.Empty();
    }

    private async Task DeregisterAsync(Call call)
    {
        await commits.WriteAsync(draft =>
        {
            if (draft.State.Local.FindCheck(call.Rest) is not { } check) return;
            CheckAccess.Demand(call.Grant, draft.State.Local, check);
            draft.RemoveCheck(draft.State.LocalNode, check.Id);
        });
        await call.Empty();
    }

    private async Task ReportAsync(Call call, string status)
    {
        await reports.ReportAsync(call.Grant, call.Rest, status, call.Target.Value("note") ?? "");
        await call.Empty();
    }

    private async Task UpdateAsync(Call call)
    {
        JsonFields fields = JsonFields.Parse(await ReadAsync(call));
        string status = fields.Text("Status");
        if (!CheckStatus.IsKnown(status)) throw RefusalException.BadRequest($"Invalid check status: '{status}'");
        await reports.ReportAsync(call.Grant, call.Rest, status, fields.Text("Output"));
        await call.Empty();
    }

    /// <summary>Ours: passes for many TTL checks in one request. Answers with the ids that it does not know.</summary>
    private async Task HeartbeatAsync(Call call)
    {
        JsonElement body = JsonFields.ParseValue(await ReadAsync(call), "Request decode failed: ");
        ILookup<bool, string> ids = JsonFields.ListOf(body, "").ToLookup(reports.IsTtl);
        foreach (string id in ids[true]) reports.Demand(call.Grant, id); // all of them before the first is taken
        await Task.WhenAll(ids[true].Select(id => reports.ReportAsync(call.Grant, id, CheckStatus.Passing, "")));
        await call.Json(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("Unknown");
            foreach (string id in ids[false]) json.WriteStringValue(id);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private ValueTask<ReadOnlyMemory<byte>> ReadAsync(Call call) =>
        call.ReadBodyAsync(options.Value.Limits.BodyBytesMax);
}
