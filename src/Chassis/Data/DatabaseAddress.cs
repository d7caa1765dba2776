using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Quintet.Chassis.Data;

/// <summary>
/// Where the service's data is: <c>ConnectionStrings:Database</c>, else <c>DATABASE_URL</c>, else a SQLite file in the data folder. What was
/// given is in no message: it may hold a password.
/// </summary>
internal static class DatabaseAddress
{
    private const string Setting = "ConnectionStrings:Database";
    private const string Variable = "DATABASE_URL";

    // As libpq, PostgreSQL's own library, names in an address what Npgsql's connection strings name otherwise.
    private static readonly Dictionary<string, string> NamesOfLibpq = new(StringComparer.Ordinal)
    {
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["options"] = "Options",
    };

    /// <summary>A builder of SQLite's or of Npgsql's, by what was given.</summary>
    /// <exception cref="InvalidOperationException">It is neither; the message names the setting.</exception>
    public static DbConnectionStringBuilder Of(IConfiguration configuration, ChassisOptions chassis) =>
        configuration[Setting] is { Length: > 0 } setting ? Parse(setting, Setting)
        : configuration[Variable] is { Length: > 0 } variable ? Parse(variable, Variable)
        : new SqliteConnectionStringBuilder { DataSource = Path.Combine(chassis.DataFolder, $"{chassis.Service}.db") };

    /// <summary>Completes <paramref name="defaults"/> with what was given, which wins.</summary>
    public static T Over<T>(T defaults, DbConnectionStringBuilder given)
        where T : DbConnectionStringBuilder
    {
        foreach (string key in given.Keys)
            if (given.ShouldSerialize(key)) defaults[key] = given[key];
        return defaults;
    }

    private static DbConnectionStringBuilder Parse(string given, string source)
    {
        try
        {
            return IsUrl(given) ? OfUrl(new Uri(given)) : OfPairs(given);
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException)
        {
            throw new InvalidOperationException(
                $"{source}: neither a SQLite file ('Data Source=…') nor a PostgreSQL database ('Host=…;Database=…;Username=…;Password=…' or "
                + $"postgres://user:password@host:port/database): {fault.Message}", fault);
        }
    }

    private static bool IsUrl(string given) =>
        given.StartsWith("postgres://", StringComparison.Ordinal) || given.StartsWith("postgresql://", StringComparison.Ordinal);

    private static DbConnectionStringBuilder OfPairs(string given)
    {
        DbConnectionStringBuilder pairs = new() { ConnectionString = given };
        return pairs.ContainsKey("Host") || pairs.ContainsKey("Server") ? new NpgsqlConnectionStringBuilder(given) : new SqliteConnectionStringBuilder(given);
    }

    private static NpgsqlConnectionStringBuilder OfUrl(Uri url)
    {
        string[] user = url.UserInfo.Split(':', 2);
        NpgsqlConnectionStringBuilder database = new() { Host = url.IdnHost.Trim('[', ']') };
        if (url.Port > 0) database.Port = url.Port;
        if (url.AbsolutePath.Length > 1) database.Database = Uri.UnescapeDataString(url.AbsolutePath[1..]);
        if (user[0].Length > 0) database.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1) database.Password = Uri.UnescapeDataString(user[1]);
        foreach (string pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            string name = Uri.UnescapeDataString(parts[0]);
            string value = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "";
            if (name == "sslmode") value = value.Replace("-", "", StringComparison.Ordinal); // verify-full is Npgsql's VerifyFull
            database[NamesOfLibpq.GetValueOrDefault(name, name)] = value;
        }

        return database;
    }
}
