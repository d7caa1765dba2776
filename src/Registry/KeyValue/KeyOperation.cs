using System.Globalization;
using System.Text.Json;
using Quintet.Registry.Http;
using Quintet.Registry.Sessions;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.KeyValue;

/// <summary>One operation of a transaction. Refusals are what the transaction's error says.</summary>
internal sealed record KeyOperation(string Verb, string Key, byte[] Value, ulong Flags, ulong Index, string Session)
{
    public bool IsWrite => Verb is "set" or "cas" or "lock" or "unlock" or "delete" or "delete-tree" or "delete-cas";

    public static KeyOperation Parse(JsonFields fields) => new(
        fields.Text("Verb"), fields.Text("Key"), ValueOf(fields), Unsigned(fields, "Flags"), Unsigned(fields, "Index"), fields.Text("Session"));

    /// <summary>Does it, and gives the rows that belong into the results.</summary>
    public IEnumerable<(KeyRow Row, bool HidesValue)> Run(Draft draft, LockDelays delays)
    {
        if (Key.Length == 0 && Verb is not ("get-tree" or "delete-tree")) throw Failed("Must provide key");
        KeyRow wanted = new() { Key = Key, Value = Value, Flags = Flags };
        switch (Verb)
        {
            case "set":
                KeyWrites.Set(draft, wanted);
                return Written(draft);
            case "cas":
                if (!KeyWrites.TryCompareAndSet(draft, wanted, Index)) throw Failed($"failed to set key \"{Key}\", index is stale");
                return Written(draft);
            case "lock":
                if (!KeyWrites.TryAcquire(draft, wanted, SessionLookup.Demand(draft.State, Session).Id, delays))
                    throw Failed($"failed to lock key \"{Key}\", lock is already held");
                return Written(draft);
            case "unlock":
                if (!KeyWrites.TryRelease(draft, wanted, Session))
                    throw Failed($"failed to unlock key \"{Key}\", lock isn't held, or is held by another session");
                return Written(draft);
            case "delete":
                draft.RemoveKey(Key);
                return [];
            case "delete-cas":
                if (draft.State.Keys.Find(Key)?.ModifyIndex != Index) throw Failed($"failed to delete key \"{Key}\", index is stale");
                draft.RemoveKey(Key);
                return [];
            case "delete-tree":
                foreach (string key in draft.State.Keys.Under(Key).Select(row => row.Key).ToArray()) draft.RemoveKey(key);
                return [];
            case "get-tree":
                return [.. draft.State.Keys.Under(Key).Select(row => (row, false))];
            default:
                return RunCheck(draft.State);
        }
    }

    private IEnumerable<(KeyRow Row, bool HidesValue)> RunCheck(RegistryState state)
    {
        KeyRow? row = state.Keys.Find(Key);
        switch (Verb)
        {
            case "get":
                return [(row ?? throw Failed($"key \"{Key}\" doesn't exist"), false)];
            case "check-index":
                if (row is null) throw Failed($"failed index check for key \"{Key}\", current modify index 0 != {Index}");
                return row.ModifyIndex == Index
                    ? [(row, true)]
                    : throw Failed($"failed index check for key \"{Key}\", current modify index {row.ModifyIndex} != {Index}");
            case "check-session":
                return row is not null && row.Session == Session
                    ? [(row, true)]
                    : throw Failed($"failed session check for key \"{Key}\", current session \"{row?.Session}\" != \"{Session}\"");
            case "check-not-exists":
                return row is null ? [] : throw Failed($"key \"{Key}\" exists");
            default:
                throw Failed($"unknown KV verb \"{Verb}\"");
        }
    }

    private (KeyRow, bool)[] Written(Draft draft) => [(draft.State.Keys.Find(Key)!, true)];

    private static RefusalException Failed(string what) => new(409, what);

    private static byte[] ValueOf(JsonFields fields)
    {
        if (fields.Find("Value") is not { } value) return [];
        return value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out byte[]? bytes)
            ? bytes
            : throw RefusalException.BadRequest("Failed to parse body: Failed to decode value: illegal base64 data");
    }

    private static ulong Unsigned(JsonFields fields, string name)
    {
        if (fields.Find(name) is not { } value) return 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out ulong number)
            ? number
            : throw RefusalException.BadRequest(string.Create(CultureInfo.InvariantCulture, $"Failed to parse body: {name} must be an unsigned number"));
    }
}
