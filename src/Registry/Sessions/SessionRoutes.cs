using System.Text.Json;
using Microsoft.Extensions.Options;
using Quintet.Registry.Http;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Sessions;

/// <summary><c>/v1/session/*</c>.</summary>
internal sealed class SessionRoutes(CommitLoop commits, Reads reads, SessionClocks clocks, IOptions<RegistryOptions> options)
{
    public void Map(RouteTable routes)
    {
        routes.Put("/v1/session/create", CreateAsync);
        routes.Put("/v1/session/destroy/", DestroyAsync);
        routes.Put("/v1/session/renew/", RenewAsync);
        routes.Get("/v1/session/info/", InfoAsync);
        routes.Get("/v1/session/node/", NodeAsync);
        routes.Get("/v1/session/list", call => ListAsync(call, _ => true));
    }

    private async Task CreateAsync(Call call)
    {
        Call.Demand(call.Grant.IsManagement || call.Grant.KeyPrefixes.Count > 0);
        ReadOnlyMemory<byte> body = await call.ReadBodyAsync(options.Value.Limits.BodyBytesMax);
        SessionRow wanted = SessionDefinition.Parse(body) with { Owner = call.Grant.Name };

        await commits.WriteAsync(draft =>
        {
            if (draft.State.Sessions.Rows.Count >= options.Value.Limits.SessionsMax)
                throw new RefusalException(429, "Too many sessions; the limit is Registry:Limits:SessionsMax");
            string name = wanted.Node.Length > 0 ? wanted.Node : draft.State.LocalNode;
            if (!draft.State.Nodes.TryGetValue(name, out NodeEntry? node)) throw new RefusalException(500, "Missing node registration");
            foreach (string id in wanted.NodeChecks.Concat(wanted.ServiceChecks))
            {
                CheckRow check = node.FindCheck(id) ?? throw new RefusalException(500, $"Missing check '{id}' registration");
                if (check.Status == CheckStatus.Critical) throw new RefusalException(500, $"Check '{id}' is in critical state");
            }

            draft.PutSession(wanted with { Node = node.Row.Name });
        });
        await call.Json(json =>
        {
            json.WriteStartObject();
            json.WriteString("ID", wanted.Id);
            json.WriteEndObject();
        });
    }

    private async Task DestroyAsync(Call call)
    {
        string id = IdOf(call);
        await commits.WriteAsync(draft =>
        {
            if (!draft.State.Sessions.Rows.TryGetValue(id, out SessionRow? session)) return;
            DemandOwner(call, session);
            draft.EndSession(session);
        });
        await call.Json(json => json.WriteBooleanValue(true));
    }

    private Task RenewAsync(Call call)
    {
        string id = IdOf(call);
        if (!reads.Now.Sessions.Rows.TryGetValue(id, out SessionRow? session))
            throw new RefusalException(404, $"Session id '{id}' not found");
        DemandOwner(call, session);
        clocks.Renew(session);
        return call.Json(json => Write(json, [session]));
    }

    private async Task InfoAsync(Call call)
    {
        if (call.Rest.Length == 0) throw RefusalException.BadRequest("Missing session");
        SessionLookup.DemandWellFormed(call.Rest, isFromRead: true);
        await ListAsync(call, session => session.Id == call.Rest);
    }

    private Task NodeAsync(Call call)
    {
        if (call.Rest.Length == 0) throw RefusalException.BadRequest("Missing node name");
        return ListAsync(call, session => session.Node.Equals(call.Rest, StringComparison.OrdinalIgnoreCase));
    }

    private async Task ListAsync(Call call, Func<SessionRow, bool> isWanted)
    {
        RegistryState state = await reads.ReadAsync(call, Scope.Sessions, saysConsistency: false);
        await call.Json(json => Write(json, state.Sessions.Rows.Values.Where(isWanted)));
    }

    private static string IdOf(Call call)
    {
        if (call.Rest.Length == 0) throw RefusalException.BadRequest("Missing session");
        SessionLookup.DemandWellFormed(call.Rest);
        return call.Rest;
    }

    private static void DemandOwner(Call call, SessionRow session) =>
        Call.Demand(call.Grant.IsManagement || (session.Owner == call.Grant.Name && call.Grant.KeyPrefixes.Count > 0));

    private static void Write(Utf8JsonWriter json, IEnumerable<SessionRow> sessions)
    {
        json.WriteStartArray();
        foreach (SessionRow session in sessions)
        {
            json.WriteStartObject();
            json.WriteString("ID", session.Id);
            json.WriteString("Name", session.Name);
            json.WriteString("Node", session.Node);
            json.WriteNumber("LockDelay", session.LockDelay.Ticks * 100);
            json.WriteString("Behavior", session.Behavior);
            json.WriteString("TTL", session.TtlText);
            json.WriteStartArray("NodeChecks");
            foreach (string check in session.NodeChecks) json.WriteStringValue(check);
            json.WriteEndArray();
            WriteServiceChecks(json, session);
            json.WriteNumber("CreateIndex", session.CreateIndex);
            json.WriteNumber("ModifyIndex", session.ModifyIndex);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteServiceChecks(Utf8JsonWriter json, SessionRow session)
    {
        if (session.ServiceChecks.IsEmpty)
        {
            json.WriteNull("ServiceChecks");
            return;
        }

        json.WriteStartArray("ServiceChecks");
        foreach (string check in session.ServiceChecks)
        {
            json.WriteStartObject();
            json.WriteString("ID", check);
            json.WriteString("Namespace", "");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
