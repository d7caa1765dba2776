using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>
/// Series of metrics. What counts from a beginning is kept as its growth; points are added up to one for 10 s, each with the seconds it
/// covers, so that a rate is right whatever the interval of the exporter.
/// </summary>
internal sealed class SeriesTable : IDisposable
{
    /// <summary>Seconds of a point; the finest that a plot of minutes shows.</summary>
    public const int PointSeconds = 10;

    /// <summary>The first point of a counter counts whole when the counter began so recently; an older one may have grown long before.</summary>
    private const long FreshNanoseconds = 120 * Nanoseconds.PerSecond;

    private readonly int _max;
    private readonly Statement _find;
    private readonly Statement _insert;
    private readonly Statement _update;
    private readonly Statement _bucketsOf;
    private readonly Statement _addPoint;
    private readonly Statement _setPoint;
    private readonly Statement _count;
    private long _series;

    public SeriesTable(SqliteConnection connection, int max)
    {
        _max = max;
        _find = new Statement(connection, "SELECT id, start, time, value, count, buckets FROM series WHERE key = $1", 1);
        _insert = new Statement(connection, """
            INSERT INTO series (key, service, instance, name, kind, unit, attributes, bounds, start, time, value, count, buckets)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id
            """, 13);
        _update = new Statement(connection, "UPDATE series SET start = $2, time = $3, value = $4, count = $5, buckets = $6 WHERE id = $1", 6);
        _bucketsOf = new Statement(connection, "SELECT buckets FROM points WHERE series = $1 AND time = $2", 2);
        _addPoint = new Statement(connection, """
            INSERT INTO points (series, time, seconds, value, count, buckets) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT DO UPDATE SET seconds = seconds + excluded.seconds, value = value + excluded.value, count = count + excluded.count,
              buckets = excluded.buckets
            """, 6);
        _setPoint = new Statement(connection, "INSERT OR REPLACE INTO points (series, time, seconds, value, count) VALUES ($1, $2, 0, $3, 0)", 3);
        _count = new Statement(connection, "SELECT count(*) FROM series", 0);
        Recount();
    }

    /// <summary>Adds points and gives the number of those that no series was left for.</summary>
    public int Add(List<PointRow> points)
    {
        int rejected = 0;
        foreach (PointRow point in points)
            if (!Add(point)) rejected++;
        return rejected;
    }

    /// <summary>After a rollback or a deletion.</summary>
    public void Recount() => _series = Convert.ToInt64(_count.Value(), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        foreach (Statement statement in (Statement[])[_find, _insert, _update, _bucketsOf, _addPoint, _setPoint, _count]) statement.Dispose();
    }

    private bool Add(PointRow point)
    {
        byte[] key = KeyOf(point);
        Last? last = Find(key);
        if (last is null && _series >= _max) return false;
        if (last is not null && point.Time <= last.Time) return true; // sent again, or overtaken

        Growth? growth = point.Kind == SeriesKind.Gauge ? null : GrowthOf(point, last);
        long id = Remember(point, key, last);
        long time = EndOf(point.Time);
        if (point.Kind == SeriesKind.Gauge) _setPoint.Run(id, time, LevelOf(point, last));
        else if (growth is not null) AddPoint(id, time, growth);
        return true;
    }

    /// <summary>The end of the 10 s that a time is in; a time at the end is in them.</summary>
    private static long EndOf(long time)
    {
        const long Length = PointSeconds * Nanoseconds.PerSecond;
        return (((time - 1) / Length) + 1) * PointSeconds;
    }

    private Last? Find(byte[] key)
    {
        using SqliteDataReader row = _find.Read(key);
        return row.Read()
            ? new Last(
                row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetDouble(3), row.GetInt64(4), row.IsDBNull(5) ? null : row.GetFieldValue<byte[]>(5))
            : null;
    }

    /// <summary>A level sent as its changes is added up here.</summary>
    private static double LevelOf(PointRow point, Last? last) => point.IsCumulative ? point.Value : (last?.Value ?? 0) + point.Value;

    private static Growth? GrowthOf(PointRow point, Last? last)
    {
        if (!point.IsCumulative)
        {
            long since = point.Start > 0 ? point.Start : last?.Time ?? (point.Time - (PointSeconds * Nanoseconds.PerSecond));
            return Whole(point, since);
        }

        if (last is null) return point.Start > 0 && point.Time - point.Start <= FreshNanoseconds ? Whole(point, point.Start) : null;
        bool hasRestarted = point.Start != last.Start || (point.Kind == SeriesKind.Histogram ? point.Count < last.Count : point.Value < last.Value);
        return hasRestarted ? Whole(point, Math.Max(point.Start, last.Time)) : Since(point, last);
    }

    private static Growth Whole(PointRow point, long since) => new(SecondsBetween(since, point.Time), point.Value, point.Count, point.Buckets);

    private static Growth Since(PointRow point, Last last)
    {
        long[]? buckets = (long[]?)point.Buckets?.Clone();
        if (buckets is not null && last.Buckets is not null)
        {
            long[] before = new long[buckets.Length];
            Buckets.AddTo(before, last.Buckets);
            for (int i = 0; i < buckets.Length; i++) buckets[i] = Math.Max(0, buckets[i] - before[i]);
        }

        return new Growth(SecondsBetween(last.Time, point.Time), point.Value - last.Value, point.Count - last.Count, buckets);
    }

    private static double SecondsBetween(long since, long time) => Math.Max(0, time - since) / (double)Nanoseconds.PerSecond;

    private long Remember(PointRow point, byte[] key, Last? last)
    {
        double value = point.Kind == SeriesKind.Gauge ? LevelOf(point, last) : point.Value;
        byte[]? buckets = point.IsCumulative && point.Buckets is not null ? Buckets.Write(point.Buckets) : null;
        if (last is not null)
        {
            _update.Run(last.Id, point.Start, point.Time, value, point.Count, buckets);
            return last.Id;
        }

        _series++;
        object? id = _insert.Value(
            key, point.Resource.Service, point.Resource.Instance, point.Name, (int)point.Kind, point.Unit, point.Attributes,
            point.Bounds is null ? null : Buckets.WriteBounds(point.Bounds), point.Start, point.Time, value, point.Count, buckets);
        return Convert.ToInt64(id, CultureInfo.InvariantCulture);
    }

    private void AddPoint(long series, long time, Growth growth)
    {
        byte[]? buckets = null;
        if (growth.Buckets is not null)
        {
            long[] sum = (long[])growth.Buckets.Clone();
            if (_bucketsOf.Value(series, time) is byte[] there) Buckets.AddTo(sum, there);
            buckets = Buckets.Write(sum);
        }

        _addPoint.Run(series, time, growth.Seconds, growth.Value, growth.Count, buckets);
    }

    private static byte[] KeyOf(PointRow point)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string part in (string[])[
            point.Resource.Service, point.Resource.Instance, point.Scope, point.Name, point.Unit, point.Attributes, $"{point.Kind}"])
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }

        if (point.Bounds is not null) hash.AppendData(MemoryMarshal.AsBytes(point.Bounds.AsSpan()));
        return hash.GetHashAndReset()[..16];
    }

    /// <summary>What the series row holds of the point before.</summary>
    private sealed record Last(long Id, long Start, long Time, double Value, long Count, byte[]? Buckets);

    private sealed record Growth(double Seconds, double Value, long Count, long[]? Buckets);
}
