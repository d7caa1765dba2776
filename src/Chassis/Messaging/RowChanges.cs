using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Quintet.Chassis.Messaging;

/// <summary>What transactions under way have written to the service's own tables, in words, for whoever is told of their events.</summary>
internal sealed class RowChanges
{
    private readonly ConditionalWeakTable<DbContext, List<(string Table, EntityState How)>> _ofContexts = [];

    /// <summary>Before a save: it is known what will be written, and afterwards no more.</summary>
    public void Collect(DbContext context)
    {
        List<(string Table, EntityState How)> changes = _ofContexts.GetOrCreateValue(context);
        foreach (EntityEntry entry in context.ChangeTracker.Entries())
            if (entry.State is EntityState.Added or EntityState.Modified or EntityState.Deleted && !IsOurs(entry))
                changes.Add((entry.Metadata.GetTableName() ?? entry.Metadata.ShortName(), entry.State));
    }

    /// <summary>The transaction has ended, or its save failed: what was collected is of the past.</summary>
    /// <returns><c>1 added to users, 2 changed in orders</c>; null when nothing was.</returns>
    public string? Take(DbContext context)
    {
        if (!_ofContexts.TryGetValue(context, out List<(string Table, EntityState How)>? changes)) return null;
        _ofContexts.Remove(context);
        if (changes.Count == 0) return null;
        return string.Join(", ", changes.GroupBy(change => change).Select(same =>
            string.Create(CultureInfo.InvariantCulture, $"{same.Count()} {WordOf(same.Key.How)} {same.Key.Table}")));
    }

    private static bool IsOurs(EntityEntry entry) => entry.Metadata.ClrType.Assembly == typeof(RowChanges).Assembly;

    private static string WordOf(EntityState how) => how switch { EntityState.Added => "added to", EntityState.Deleted => "deleted from", _ => "changed in" };
}
