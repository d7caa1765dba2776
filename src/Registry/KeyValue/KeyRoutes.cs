using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Quintet.Registry.Http;
using Quintet.Registry.Sessions;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.KeyValue;

/// <summary><c>/v1/kv/*</c>.</summary>
internal sealed class KeyRoutes(CommitLoop commits, Reads reads, LockDelays lockDelays, IOptions<RegistryOptions> options)
{
    public void Map(RouteTable routes)
    {
        routes.Get("/v1/kv/", GetAsync);
        routes.Put("/v1/kv/", PutAsync);
        routes.Delete("/v1/kv/", DeleteAsync);
    }

    private Task GetAsync(Call call)
    {
        if (call.Target.Has("keys")) return ListKeysAsync(call);
        if (call.Target.Has("recurse")) return GetTreeAsync(call);
        return GetOneAsync(call);
    }

    private async Task GetOneAsync(Call call)
    {
        if (call.Rest.Length == 0) throw RefusalException.BadRequest("Missing key name");
        RegistryState state = await reads.ReadAsync(call, Scope.Key(call.Rest), saysConsistency: false);
        KeyRow? row = state.Keys.Find(call.Rest);
        if (row is null)
            await call.Empty(404);
        else if (call.Target.Has("raw"))
            await AnswerRawAsync(call, row);
        else
            await call.Json(json => WriteRows(json, [row]));
    }

    /// <summary>The value as it is. It is a stranger's: a browser must neither guess its type nor run it.</summary>
    private static Task AnswerRawAsync(Call call, KeyRow row)
    {
        call.ResponseHeaders["X-Content-Type-Options"] = "nosniff";
        call.ResponseHeaders["Content-Security-Policy"] = "sandbox";
        return call.Bytes(200, "text/plain", row.Value);
    }

    private async Task GetTreeAsync(Call call)
    {
        RegistryState state = await reads.ReadAsync(call, Scope.KeyPrefix(call.Rest), saysConsistency: false);
        List<KeyRow> rows = [.. state.Keys.Under(call.Rest)];
        if (rows.Count == 0) await call.Empty(404);
        else await call.Json(json => WriteRows(json, rows));
    }

    private async Task ListKeysAsync(Call call)
    {
        string prefix = call.Rest;
        string separator = call.Target.Value("separator") ?? call.Target.Value("seperator") ?? ""; // Consul takes both spellings
        RegistryState state = await reads.ReadAsync(call, Scope.KeyPrefix(prefix), saysConsistency: false);
        List<string> keys = [];
        foreach (KeyRow row in state.Keys.Under(prefix))
        {
            int cut = separator.Length == 0 ? -1 : row.Key.IndexOf(separator, prefix.Length, StringComparison.Ordinal);
            string key = cut < 0 ? row.Key : row.Key[..(cut + separator.Length)];
            if (keys.Count == 0 || keys[^1] != key) keys.Add(key);
        }

        if (keys.Count == 0 && prefix.Length > 0)
        {
            await call.Empty(404);
            return;
        }

        await call.Json(json =>
        {
            json.WriteStartArray();
            foreach (string key in keys) json.WriteStringValue(key);
            json.WriteEndArray();
        });
    }

    private async Task PutAsync(Call call)
    {
        string key = call.Rest;
        RegistryLimitOptions limits = options.Value.Limits;
        if (key.Length == 0) throw RefusalException.BadRequest("Missing key name");
        RefuseConflicts(call, "cas", "acquire", "release");
        if (key.Length > limits.NameLengthMax) throw RefusalException.BadRequest($"A key may have {limits.NameLengthMax} characters");
        Call.Demand(call.Grant.MayWriteKey(key));
        ulong flags = Unsigned(call, "flags") ?? 0;
        ulong? cas = Unsigned(call, "cas");
        ReadOnlyMemory<byte> value = await call.ReadBodyAsync(limits.KeyValueBytesMax, ValueTooLarge);

        bool isWritten = await commits.WriteAsync(
            draft =>
            {
                KeyWrites.DemandRoom(draft, limits, key, value.Length);
                KeyRow wanted = new() { Key = key, Value = value.ToArray(), Flags = flags };
                if (cas is { } expected) return KeyWrites.TryCompareAndSet(draft, wanted, expected);
                if (call.Target.Value("acquire") is { } acquirer)
                    return KeyWrites.TryAcquire(draft, wanted, SessionLookup.Demand(draft.State, acquirer).Id, lockDelays);
                if (call.Target.Value("release") is { } holder) return KeyWrites.TryRelease(draft, wanted, holder);
                KeyWrites.Set(draft, wanted);
                return true;
            },
            1024 + value.Length);
        await call.Json(json => json.WriteBooleanValue(isWritten));
    }

    private async Task DeleteAsync(Call call)
    {
        string key = call.Rest;
        bool isTree = call.Target.Has("recurse");
        RefuseConflicts(call, "cas", "recurse");
        ulong? cas = Unsigned(call, "cas");
        if (key.Length == 0 && !isTree) throw RefusalException.BadRequest("Missing key name");
        Call.Demand(isTree ? call.Grant.MayWriteAllUnder(key) : call.Grant.MayWriteKey(key));

        bool isDone = await commits.WriteAsync(draft =>
        {
            if (cas is { } expected && (expected == 0 || draft.State.Keys.Find(key)?.ModifyIndex != expected)) return false;
            string[] keys = isTree ? [.. draft.State.Keys.Under(key).Select(row => row.Key)] : [key];
            foreach (string one in keys) draft.RemoveKey(one);
            return true;
        });
        await call.Json(json => json.WriteBooleanValue(isDone));
    }

    private static void WriteRows(Utf8JsonWriter json, IReadOnlyList<KeyRow> rows)
    {
        json.WriteStartArray();
        foreach (KeyRow row in rows) KeyJson.Write(json, row);
        json.WriteEndArray();
    }

    /// <summary>At most one of these may be given; Consul answers with the whole query, sorted and encoded.</summary>
    private static void RefuseConflicts(Call call, params string[] names)
    {
        if (names.Count(call.Target.Has) < 2) return;
        IEnumerable<string> parts = call.Target.Query
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => $"{Encode(pair.Key)}={Encode(pair.Value)}");
        throw RefusalException.BadRequest($"Conflicting flags: {string.Join('&', parts)}");
    }

    private static string Encode(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    private static ulong? Unsigned(Call call, string name)
    {
        if (call.Target.Value(name) is not { } text) return null;
        if (text.Length == 0 && name == "flags") return 0;
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw new RefusalException(500, $"strconv.ParseUint: parsing \"{text}\": invalid syntax");
    }

    private string ValueTooLarge(long bytes) => string.Create(
        CultureInfo.InvariantCulture,
        $"Request body({bytes} bytes) too large, "
        + $"max size: {options.Value.Limits.KeyValueBytesMax} bytes. See https://www.consul.io/docs/agent/options.html#kv_max_value_size.");
}
