using Quintet.Registry.Http;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.KeyValue;

/// <summary>The rules of writing keys, for single calls and for transactions. All run on the writer's thread.</summary>
internal static class KeyWrites
{
    /// <summary>Refuses what would go beyond the limits.</summary>
    public static void DemandRoom(Draft draft, RegistryLimitOptions limits, string key, int valueBytes)
    {
        KeyTable keys = draft.State.Keys;
        KeyRow? before = keys.Find(key);
        if (before is null && keys.Count >= limits.KeysMax)
            throw new RefusalException(429, "Too many keys; the limit is Registry:Limits:KeysMax");
        if (keys.ValueBytes + valueBytes - (before?.Value.Length ?? 0) > limits.KeysBytesMax)
            throw new RefusalException(429, "The values of all keys are too large together; the limit is Registry:Limits:KeysBytesMax");
    }

    /// <summary>Writes value and flags. Who holds the key keeps it, though its LockIndex falls to 0, as in Consul 1.8.</summary>
    public static void Set(Draft draft, KeyRow wanted) => Put(draft, wanted with { Session = draft.State.Keys.Find(wanted.Key)?.Session });

    /// <summary>Writes if the key still has the index; 0 means if there is no such key.</summary>
    public static bool TryCompareAndSet(Draft draft, KeyRow wanted, ulong expectedIndex)
    {
        if (expectedIndex != (draft.State.Keys.Find(wanted.Key)?.ModifyIndex ?? 0)) return false;
        Set(draft, wanted);
        return true;
    }

    /// <summary>Writes and holds the key, unless another session does or did until a moment ago.</summary>
    public static bool TryAcquire(Draft draft, KeyRow wanted, string session, LockDelays delays)
    {
        KeyRow? before = draft.State.Keys.Find(wanted.Key);
        if (before?.Session is { } holder && holder != session) return false;
        if (before?.Session is null && delays.Forbids(wanted.Key)) return false;
        ulong lockIndex = before is null ? 1 : before.Session is null ? before.LockIndex + 1 : before.LockIndex;
        Put(draft, wanted with { Session = session, LockIndex = lockIndex });
        return true;
    }

    /// <summary>Writes and lets the key go, if the session holds it.</summary>
    public static bool TryRelease(Draft draft, KeyRow wanted, string session)
    {
        KeyRow? before = draft.State.Keys.Find(wanted.Key);
        if (before is null || before.Session != session) return false;
        Put(draft, wanted with { Session = null, LockIndex = before.LockIndex });
        return true;
    }

    /// <summary>The same again raises no index and wakes nobody.</summary>
    private static void Put(Draft draft, KeyRow wanted)
    {
        KeyRow? before = draft.State.Keys.Find(wanted.Key);
        bool isSame = before is not null && before.Flags == wanted.Flags && before.Session == wanted.Session && before.LockIndex == wanted.LockIndex
            && before.Value.AsSpan().SequenceEqual(wanted.Value);
        if (!isSame) draft.PutKey(wanted);
    }
}
