using Microsoft.Data.Sqlite;

namespace Quintet.Console.Telemetry.Storage;

/// <summary>A prepared statement of the writer, with the parameters <c>$1</c>, <c>$2</c> and so on; it is compiled once.</summary>
internal sealed class Statement : IDisposable
{
    private readonly SqliteCommand _command;

    public Statement(SqliteConnection connection, string sql, int parameters)
    {
        _command = connection.CreateCommand();
        _command.CommandText = sql;
        for (int i = 1; i <= parameters; i++) _command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}", Value = DBNull.Value });
    }

    /// <summary>Runs it and gives the number of changed rows.</summary>
    public int Run(params ReadOnlySpan<object?> values) => Bound(values).ExecuteNonQuery();

    public SqliteDataReader Read(params ReadOnlySpan<object?> values) => Bound(values).ExecuteReader();

    /// <summary>The first value of the first row; null when there is none.</summary>
    public object? Value(params ReadOnlySpan<object?> values) => Bound(values).ExecuteScalar() is { } value and not DBNull ? value : null;

    public void Dispose() => _command.Dispose();

    private SqliteCommand Bound(ReadOnlySpan<object?> values)
    {
        for (int i = 0; i < values.Length; i++) _command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return _command;
    }
}
