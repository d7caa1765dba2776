using Npgsql;
using Quintet.Supervision.Plan;

namespace Quintet.Engines;

/// <summary>Connections to a PostgreSQL server, one at a time and without a pool: each ends with its question.</summary>
internal static class DatabaseLogin
{
    /// <summary>The database that every server has.</summary>
    public const string AnyDatabase = "postgres";

    private const int Seconds = 10;

    /// <summary>Whom the environment names; by default the role that every server has.</summary>
    public static string Administrator => Environment.GetEnvironmentVariable(Credentials.DatabaseUserVariable) ?? "postgres";

    public static Task<NpgsqlConnection> AsAdministratorAsync(Uri server, CancellationToken cancellation) =>
        OpenAsync(server, AnyDatabase, Administrator, Environment.GetEnvironmentVariable(Credentials.DatabasePasswordVariable), cancellation);

    /// <exception cref="NpgsqlException">The server refused, or is not there.</exception>
    public static async Task<NpgsqlConnection> OpenAsync(Uri server, string database, string user, string? password, CancellationToken cancellation)
    {
        NpgsqlConnectionStringBuilder address = new()
        {
            Host = server.IdnHost.Trim('[', ']'), Port = Endpoints.PortOfDatabase(server), Database = database, Username = user, Password = password,
            Pooling = false, Timeout = Seconds, CommandTimeout = Seconds, ApplicationName = "quintet",
        };
        NpgsqlConnection connection = new(address.ToString());
        try
        {
            await connection.OpenAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
