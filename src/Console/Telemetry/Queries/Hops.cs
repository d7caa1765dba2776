using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Data.Sqlite;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>A stop on the way of an event. Detail is JSON: what the part told besides.</summary>
internal sealed record HopEntry(
    DateTimeOffset Time,
    string? TraceId,
    string? EventId,
    string? Subject,
    string Stage,
    string Part,
    string Instance,
    string? Outcome,
    TimeSpan Duration,
    [property: JsonConverter(typeof(RawJson))] string Detail);

/// <summary>The hops of an event, a trace, a subject or an address, in the order of their times.</summary>
internal sealed class Hops(StoreReader reader)
{
    public Task<List<HopEntry>> OfEventAsync(string eventId, CancellationToken cancellationToken) => OfAsync("event = {0}", eventId, cancellationToken);

    public Task<List<HopEntry>> OfTraceAsync(string traceId, CancellationToken cancellationToken) =>
        OfAsync("trace_id = {0}", Ids.TraceId(traceId), cancellationToken);

    public Task<List<HopEntry>> OfSubjectAsync(string subject, CancellationToken cancellationToken) => OfAsync("subject = {0}", subject, cancellationToken);

    /// <summary>Addresses are kept as hashes only: the first 128 bits of SHA-256 over the address in lower case.</summary>
    public Task<List<HopEntry>> OfAddressAsync(string address, CancellationToken cancellationToken) =>
        OfAsync(
            "address_hash = {0}",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.Trim().ToLowerInvariant())).AsSpan(0, 16)),
            cancellationToken);

    /// <summary>The latest of a stage, the newest first.</summary>
    public async Task<List<HopEntry>> LatestAsync(string stage, int count, CancellationToken cancellationToken)
    {
        List<HopEntry> latest = await reader.QueryAsync(connection => Of(connection, "stage = {0}", stage, count), cancellationToken);
        latest.Reverse();
        return latest;
    }

    public static List<HopEntry> Of(SqliteConnection connection, string condition, object value, int limit)
    {
        // The newest are kept when there are too many; they are told in the order in which they happened.
        using Query query = new(connection, "SELECT time, trace_id, event, subject, stage, part, instance, outcome, duration, detail FROM hops");
        List<HopEntry> hops = query.Where(condition, value).Add(" ORDER BY time DESC, id DESC LIMIT {0}", limit).Read(row => new HopEntry(
            Nanoseconds.ToTime(row.GetInt64(0)), Ids.Hex(row, 1), Text(row, 2), Text(row, 3), row.GetString(4), row.GetString(5), row.GetString(6),
            Text(row, 7), Nanoseconds.ToSpan(row.GetInt64(8)), row.GetString(9)));
        hops.Reverse();
        return hops;
    }

    private Task<List<HopEntry>> OfAsync(string condition, object value, CancellationToken cancellationToken) =>
        reader.QueryAsync(connection => Of(connection, condition, value, reader.Limits.RowsMax), cancellationToken);

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
