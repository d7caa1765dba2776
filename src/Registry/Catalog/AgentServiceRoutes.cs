using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Quintet.Registry.Checks;
using Quintet.Registry.Filters;
using Quintet.Registry.Http;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Catalog;

/// <summary><c>/v1/agent/service*</c>: instances on this registry's own node.</summary>
internal sealed class AgentServiceRoutes(CommitLoop commits, Reads reads, CheckSchedule schedule, IOptions<RegistryOptions> options)
{
    public void Map(RouteTable routes)
    {
        routes.Get("/v1/agent/services", ListAsync);
        routes.Get("/v1/agent/service/", GetAsync);
        routes.Put("/v1/agent/service/register", RegisterAsync);
        routes.Put("/v1/agent/service/deregister/", DeregisterAsync);
    }

    /// <summary>The instance that stands for this registry itself; the agent does not list it.</summary>
    public static bool IsOwn(ServiceRow service) => service is { Id: "consul", Name: "consul" };

    private Task ListAsync(Call call)
    {
        Predicate<ServiceRow> filter = CatalogFilters.Services(call);
        IEnumerable<ServiceRow> services = reads.Now.Local.Instances.Values.Select(instance => instance.Row)
            .Where(service => !IsOwn(service) && filter(service));
        return call.Json(json =>
        {
            json.WriteStartObject();
            foreach (ServiceRow service in services)
            {
                json.WritePropertyName(service.Id);
                CatalogJson.WriteAgentService(json, service);
            }

            json.WriteEndObject();
        });
    }

    /// <summary>One instance; with <c>?hash=</c> of the last answer it waits for another one.</summary>
    private async Task GetAsync(Call call)
    {
        string id = call.Rest;
        if (id.Length == 0) throw RefusalException.BadRequest("Missing service ID");
        RegistryState state = reads.Now;
        if (call.Target.Value("hash") is { Length: > 0 } hash && state.Local.Instances.TryGetValue(id, out InstanceEntry? known))
        {
            call.BeginWaiting();
            state = await reads.ParkAsync(
                Scope.Service(known.Row.Name),
                now => !now.Local.Instances.TryGetValue(id, out InstanceEntry? instance) || HashOf(instance.Row) != hash,
                reads.WaitOf(call),
                call.Aborted);
        }

        if (!state.Local.Instances.TryGetValue(id, out InstanceEntry? found)) throw new RefusalException(404, $"unknown service ID: {id}");
        string contentHash = HashOf(found.Row);
        call.ResponseHeaders["X-Consul-ContentHash"] = contentHash;
        await call.Json(json => CatalogJson.WriteAgentService(json, found.Row, contentHash));
    }

    private async Task RegisterAsync(Call call)
    {
        RegistryLimitOptions limits = options.Value.Limits;
        ReadOnlyMemory<byte> body = await call.ReadBodyAsync(limits.BodyBytesMax);
        ServiceDefinition definition = ServiceDefinition.Parse(JsonFields.Parse(body), options.Value);
        bool replacesChecks = call.Target.Has("replace-existing-checks");
        Call.Demand(call.Grant.MayWriteService(definition.Service.Name));

        await commits.WriteAsync(draft =>
        {
            string node = draft.State.LocalNode;
            DemandOwnership(call, draft.State.Local, definition);
            if (!draft.State.Local.Instances.ContainsKey(definition.Service.Id) && draft.State.Local.Instances.Count >= limits.InstancesMax)
                throw new RefusalException(429, "Too many service instances; the limit is Registry:Limits:InstancesMax");
            if (draft.State.Local.CheckCount + definition.Checks.Count > limits.ChecksMax)
                throw new RefusalException(429, "Too many checks; the limit is Registry:Limits:ChecksMax");
            draft.PutService(definition.Service with { Node = node });
            if (replacesChecks) RemoveOtherChecks(draft, definition);
            foreach (CheckRow check in definition.Checks) draft.PutCheck(KeepingStatus(draft, check with { Node = node }));
        });
        // An unchanged registration writes nothing, but its clocks start again.
        schedule.Restart(definition.Checks.Select(check => check.Id));
        await call.Empty();
    }

    private async Task DeregisterAsync(Call call)
    {
        string id = call.Rest;
        if (id.Length == 0) throw new RefusalException(500, "ServiceID missing");
        await commits.WriteAsync(draft =>
        {
            if (!draft.State.Local.Instances.TryGetValue(id, out InstanceEntry? instance) || IsOwn(instance.Row)) return; // Consul 1.8 says 200
            Call.Demand(call.Grant.MayWriteService(instance.Row.Name));
            draft.RemoveService(draft.State.LocalNode, id);
        });
        await call.Empty();
    }

    /// <summary>A registration may not take over the id of another's instance, nor the id of another's check.</summary>
    private static void DemandOwnership(Call call, NodeEntry local, ServiceDefinition definition)
    {
        if (local.Instances.TryGetValue(definition.Service.Id, out InstanceEntry? instance))
            Call.Demand(call.Grant.MayWriteService(instance.Row.Name));
        foreach (CheckRow check in definition.Checks)
            if (local.FindCheck(check.Id) is { } other && other.ServiceId != definition.Service.Id)
                Call.Demand(other.ServiceId.Length == 0 ? call.Grant.IsManagement : call.Grant.MayWriteService(local.Instances[other.ServiceId].Row.Name));
    }

    private static void RemoveOtherChecks(Draft draft, ServiceDefinition definition)
    {
        foreach (string id in draft.State.Local.Instances[definition.Service.Id].Checks.Keys)
            if (!definition.Checks.Any(check => check.Id == id)) draft.RemoveCheck(draft.State.LocalNode, id);
    }

    /// <summary>A check that is registered again goes on from what it last said.</summary>
    private static CheckRow KeepingStatus(Draft draft, CheckRow check) =>
        draft.State.Local.FindCheck(check.Id) is { } before && check.GoesOnFrom(before)
            ? check with { Status = before.Status, Output = before.Output }
            : check;

    private static string HashOf(ServiceRow service)
    {
        using MemoryStream shown = new();
        using (Utf8JsonWriter json = new(shown)) CatalogJson.WriteAgentService(json, service);
        return Convert.ToHexStringLower(SHA256.HashData(shown.ToArray()).AsSpan(0, 8));
    }
}
