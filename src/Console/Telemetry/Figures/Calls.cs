using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Figures;

/// <summary>An edge of the live graph: how often one calls another, how fast, and how often it fails.</summary>
/// <param name="From">The caller.</param>
/// <param name="To">The called.</param>
/// <param name="Count">Calls in the range.</param>
/// <param name="Rate">Calls a second over the range.</param>
/// <param name="ErrorShare">0 to 1.</param>
/// <param name="P50">Half of the calls took at most so long, to within a tenth.</param>
/// <param name="P99">Nearly all of them did.</param>
internal sealed record CallEdge(Peer From, Peer To, long Count, double Rate, double ErrorShare, TimeSpan P50, TimeSpan P99);

/// <summary>
/// Who calls whom, counted from all traces before any is sampled away. A trace counts once it is quiet, so that the last seconds are missing.
/// </summary>
internal sealed class Calls(StoreReader reader)
{
    public Task<List<CallEdge>> OfAsync(TimeRange range, CancellationToken cancellationToken) =>
        reader.QueryAsync(
            connection =>
            {
                using Query query = new(connection, """
                    SELECT e.from_kind, e.from_name, e.to_kind, e.to_name, c.count, c.errors, c.durations FROM calls c JOIN edges e ON e.id = c.edge
                    """);
                var rows = query.Where("c.time >= {0} AND c.time < {1}", range.From.ToUnixTimeSeconds(), range.To.ToUnixTimeSeconds()).Read(row => (
                    From: new Peer((PeerKind)row.GetInt32(0), row.GetString(1)), To: new Peer((PeerKind)row.GetInt32(2), row.GetString(3)),
                    Count: row.GetInt64(4), Errors: row.GetInt64(5), Durations: row.GetFieldValue<byte[]>(6)));
                return rows.GroupBy(row => (row.From, row.To))
                    .Select(edge => Edge(edge.Key.From, edge.Key.To, [.. edge.Select(row => (row.Count, row.Errors, row.Durations))], range.Seconds))
                    .OrderByDescending(edge => edge.Count).Take(reader.Limits.RowsMax).ToList();
            },
            cancellationToken);

    private static CallEdge Edge(Peer from, Peer to, List<(long Count, long Errors, byte[] Durations)> rows, double seconds)
    {
        Distribution durations = new(1);
        foreach ((_, _, byte[] kept) in rows) durations.Add(SteadyBounds.All, 0, kept, 1);
        long count = rows.Sum(row => row.Count);
        return new CallEdge(
            from, to, count, count / Math.Max(1, seconds), rows.Sum(row => row.Errors) / (double)count,
            TimeSpan.FromSeconds(durations.Percentile(0.5) ?? 0), TimeSpan.FromSeconds(durations.Percentile(0.99) ?? 0));
    }
}
