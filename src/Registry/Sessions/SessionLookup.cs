using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Sessions;

/// <summary>Finds sessions by the ids that clients send.</summary>
internal static class SessionLookup
{
    /// <summary>Refuses what is no UUID.</summary>
    public static void DemandWellFormed(string id, bool isFromRead = false)
    {
        if (id.Length != 36)
            throw new RefusalException(500, "failed session lookup: index error: UUID must be 36 characters") { IsFromRead = isFromRead };
    }

    /// <summary>The session a key is to be locked with.</summary>
    public static SessionRow Demand(RegistryState state, string id)
    {
        if (id.Length == 0) throw new RefusalException(500, "missing session");
        DemandWellFormed(id);
        return state.Sessions.Rows.GetValueOrDefault(id) ?? throw new RefusalException(500, $"invalid session \"{id}\"");
    }
}
