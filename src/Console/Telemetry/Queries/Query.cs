using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>A SELECT as its conditions come together; every value is a parameter.</summary>
internal sealed class Query : IDisposable
{
    private readonly SqliteCommand _command;
    private readonly StringBuilder _sql = new();
    private bool _hasCondition;

    public Query(SqliteConnection connection, string select)
    {
        _command = connection.CreateCommand();
        _sql.Append(select);
    }

    /// <summary>Adds a condition, in which <c>{0}</c> and so on stand for the values.</summary>
    public Query Where(string condition, params object[] values)
    {
        _sql.Append(_hasCondition ? " AND " : " WHERE ");
        _hasCondition = true;
        return Add(condition, values);
    }

    /// <summary>As <see cref="Where"/>, when there is a value.</summary>
    public Query WhereGiven(string condition, object? value) => value is null ? this : Where(condition, value);

    /// <summary>Adds anything else.</summary>
    public Query Add(string sql, params object[] values)
    {
        string[] names = [.. values.Select((_, i) => $"$p{_command.Parameters.Count + i}")];
        for (int i = 0; i < values.Length; i++) _command.Parameters.AddWithValue(names[i], values[i]);
        _sql.Append(values.Length == 0 ? sql : string.Format(CultureInfo.InvariantCulture, sql, names));
        return this;
    }

    public List<T> Read<T>(Func<SqliteDataReader, T> read)
    {
        _command.CommandText = _sql.ToString();
        using SqliteDataReader row = _command.ExecuteReader();
        List<T> rows = [];
        while (row.Read()) rows.Add(read(row));
        return rows;
    }

    public void Dispose() => _command.Dispose();
}
