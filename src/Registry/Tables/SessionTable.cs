using System.Collections.Immutable;

namespace Quintet.Registry.Tables;

/// <summary>A client's promise to be alive, by which it holds keys.</summary>
internal sealed record SessionRow
{
    public required string Id { get; init; }

    public string Name { get; init; } = "";

    public required string Node { get; init; }

    public TimeSpan LockDelay { get; init; }

    /// <summary><c>release</c> or <c>delete</c>: what becomes of the keys it holds when it ends.</summary>
    public string Behavior { get; init; } = "release";

    /// <summary>As it was sent; empty means for ever.</summary>
    public string TtlText { get; init; } = "";

    public TimeSpan Ttl { get; init; }

    public ImmutableArray<string> NodeChecks { get; init; } = [];

    public ImmutableArray<string> ServiceChecks { get; init; } = [];

    /// <summary>The name of the token that made it; only that one and management may end it.</summary>
    public string Owner { get; init; } = "";

    public ulong CreateIndex { get; init; }

    public ulong ModifyIndex { get; init; }

    public bool DependsOn(string node, string checkId) =>
        Node.Equals(node, StringComparison.OrdinalIgnoreCase) && (NodeChecks.Contains(checkId) || ServiceChecks.Contains(checkId));
}

/// <summary>The sessions, and which keys each of them holds.</summary>
internal sealed record SessionTable
{
    public ImmutableSortedDictionary<string, SessionRow> Rows { get; init; } = ImmutableSortedDictionary.Create<string, SessionRow>(StringComparer.Ordinal);

    private ImmutableDictionary<string, ImmutableHashSet<string>> Held { get; init; } = ImmutableDictionary<string, ImmutableHashSet<string>>.Empty;

    public ulong Index { get; init; }

    public ImmutableHashSet<string> KeysOf(string session) => Held.GetValueOrDefault(session) ?? [];

    public SessionTable With(SessionRow row, ulong index) => this with { Rows = Rows.SetItem(row.Id, row), Index = index };

    public SessionTable Without(string id, ulong index) => this with { Rows = Rows.Remove(id), Held = Held.Remove(id), Index = index };

    /// <summary>A key changed hands; either may be nobody.</summary>
    public SessionTable Moved(string key, string? from, string? to)
    {
        if (from == to) return this;
        ImmutableDictionary<string, ImmutableHashSet<string>> held = Held;
        if (from is not null && held.TryGetValue(from, out ImmutableHashSet<string>? left))
            held = left.Count == 1 ? held.Remove(from) : held.SetItem(from, left.Remove(key));
        if (to is not null) held = held.SetItem(to, (held.GetValueOrDefault(to) ?? []).Add(key));
        return this with { Held = held };
    }
}
