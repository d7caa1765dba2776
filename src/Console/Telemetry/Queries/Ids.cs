using Microsoft.Data.Sqlite;

namespace Quintet.Console.Telemetry.Queries;

/// <summary>Ids of traces and spans as people see them: hexadecimal.</summary>
internal static class Ids
{
    private const int TraceIdDigits = 32;

    /// <exception cref="InvalidQueryException">It is not 32 hexadecimal digits.</exception>
    public static byte[] TraceId(string hex) =>
        hex.Length == TraceIdDigits && hex.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(hex)
            : throw new InvalidQueryException("trace", "must be 32 hexadecimal digits");

    public static string? Hex(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : Convert.ToHexStringLower(row.GetFieldValue<byte[]>(column));
}
