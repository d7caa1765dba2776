using System.Text.Json;
using Microsoft.Data.Sqlite;
using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Figures;

/// <summary>A series as it is kept.</summary>
internal sealed record StoredSeries(
    long Id, string Service, string Instance, SeriesKind Kind, string Unit, IReadOnlyDictionary<string, string> Attributes, double[] Bounds)
{
    /// <summary>The value of a label: <c>service</c>, <c>instance</c>, or an attribute.</summary>
    public string? Label(string name) => name switch
    {
        "service" => Service,
        "instance" => Instance,
        _ => Attributes.GetValueOrDefault(name),
    };
}

/// <summary>A point as it is kept: what grew in the seconds before <paramref name="Time"/>, or a level at it.</summary>
internal sealed record StoredPoint(long Time, double Seconds, double Value, long Count, byte[]? Buckets)
{
    /// <summary>A point that tells no time it covers covers the time it is kept for.</summary>
    public double Since => Time - (Seconds > 0 ? Seconds : SeriesTable.PointSeconds);

    public double Covered => Time - Since;
}

/// <summary>Reads series and their points.</summary>
internal static class SeriesReader
{
    public static List<StoredSeries> Series(SqliteConnection connection, MetricFilter filter)
    {
        using Query query = new(connection, "SELECT id, service, instance, kind, unit, attributes, bounds FROM series");
        query.Where("name = {0} AND time >= {1}", filter.Name, filter.Range.FromNanoseconds);
        query.WhereGiven("service = {0}", filter.Service).WhereGiven("instance = {0}", filter.Instance);
        return [.. query.Read(Read).Where(series => filter.Attributes.All(wanted => series.Attributes.GetValueOrDefault(wanted.Key) == wanted.Value))];
    }

    /// <summary>The points that touch the steps. A point may cover more than its 10 s, up to an hour.</summary>
    public static List<StoredPoint> Points(SqliteConnection connection, long series, Steps steps)
    {
        const int Longest = 3600;
        using Query query = new(connection, "SELECT time, seconds, value, count, buckets FROM points");
        return query.Where("series = {0} AND time > {1} AND time <= {2}", series, steps.First, steps.End + Longest).Add(" ORDER BY time").Read(
            row => new StoredPoint(
                row.GetInt64(0), row.GetDouble(1), row.GetDouble(2), row.GetInt64(3), row.IsDBNull(4) ? null : row.GetFieldValue<byte[]>(4)));
    }

    private static StoredSeries Read(SqliteDataReader row)
    {
        using JsonDocument json = JsonDocument.Parse(row.GetString(5));
        Dictionary<string, string> attributes = [];
        foreach (JsonProperty member in json.RootElement.EnumerateObject()) attributes[member.Name] = member.Value.ToString();
        return new StoredSeries(
            row.GetInt64(0), row.GetString(1), row.GetString(2), (SeriesKind)row.GetInt32(3), row.GetString(4),
            attributes, row.IsDBNull(6) ? [] : Buckets.ReadBounds(row.GetFieldValue<byte[]>(6)));
    }
}
