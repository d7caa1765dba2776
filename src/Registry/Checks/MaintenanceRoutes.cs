using Quintet.Registry.Http;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Checks;

/// <summary>Maintenance of an instance or of the whole node: a critical check of its own that takes it out of use.</summary>
internal sealed class MaintenanceRoutes(CommitLoop commits)
{
    private const string NodeCheck = "_node_maintenance";
    private const string ServiceCheck = "_service_maintenance:";

    public void Map(RouteTable routes)
    {
        routes.Put("/v1/agent/maintenance", SetNodeAsync);
        routes.Put("/v1/agent/service/maintenance/", SetServiceAsync);
    }

    private async Task SetNodeAsync(Call call)
    {
        bool isOn = IsEnabled(call);
        Call.Demand(call.Grant.IsManagement);
        await SetAsync(call, isOn, "Node", draft => new CheckRow { Node = draft.State.LocalNode, Id = NodeCheck, Name = "Node Maintenance Mode" });
    }

    private async Task SetServiceAsync(Call call)
    {
        string id = call.Rest;
        if (id.Length == 0) throw RefusalException.BadRequest("Missing service ID");
        bool isOn = IsEnabled(call);
        await SetAsync(call, isOn, "Service", draft =>
        {
            if (!draft.State.Local.Instances.TryGetValue(id, out InstanceEntry? instance))
                throw new RefusalException(404, $"No service registered with ID \"{id}\"");
            Call.Demand(call.Grant.MayWriteService(instance.Row.Name));
            return new CheckRow { Node = draft.State.LocalNode, Id = ServiceCheck + id, Name = "Service Maintenance Mode", ServiceId = id };
        });
    }

    private async Task SetAsync(Call call, bool isOn, string what, Func<Draft, CheckRow> make)
    {
        string reason = call.Target.Value("reason") is { Length: > 0 } given
            ? given
            : $"Maintenance mode is enabled for this {what.ToLowerInvariant()}, but no reason was provided. This is a default message.";
        await commits.WriteAsync(draft =>
        {
            CheckRow check = make(draft) with { Status = CheckStatus.Critical, Type = "maintenance", Notes = reason };
            if (!isOn) draft.RemoveCheck(check.Node, check.Id);
            else if (draft.State.Local.FindCheck(check.Id) is null) draft.PutCheck(check);
        });
        await call.Empty();
    }

    private static bool IsEnabled(Call call)
    {
        if (call.Target.Value("enable") is not { Length: > 0 } text) throw RefusalException.BadRequest("Missing value for enable");
        return GoBoolean.TryParse(text, out bool isOn) ? isOn : throw RefusalException.BadRequest($"Invalid value for enable: \"{text}\"");
    }
}
