using Npgsql;
using Quintet.Manifest;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;
using Quintet.Terminal;

namespace Quintet.Engines;

/// <summary>A role and a database of its own for each service, on one PostgreSQL server; nobody else may connect to it.</summary>
internal sealed class DatabaseSetup(SystemManifest manifest, Secrets secrets, EngineSteps steps, TimeProvider time)
{
    private const string Engine = "database";

    private Uri Server => manifest.Engines.Database!;

    public async Task<AppliedEngine> ApplyAsync(CancellationToken cancellation)
    {
        await using NpgsqlConnection admin = await DatabaseLogin.AsAdministratorAsync(Server, cancellation);
        EngineVersion.Require("PostgreSQL", admin.PostgreSqlVersion.ToString(), EngineVersion.PostgresLeast);
        foreach (ServiceManifest service in manifest.Services)
        {
            string name = ManifestKeys.DatabaseName(manifest.System, service.Name);
            string? owner = await TextAsync(admin, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", name, cancellation);
            if (owner is not null && owner != name)
                throw new CommandException(ExitCode.Conflict, $"the database '{name}' is there and belongs to '{owner}'; it must belong to the role '{name}'");
            await RoleAsync(admin, name, secrets.Of("database", service.Name), owner is not null, cancellation);
            await steps.EnsureAsync(Engine, $"database {name}", owner is not null, () => CreateAsync(admin, name, cancellation));
            bool isClosed = owner is not null && await TextAsync(admin,
                "SELECT CASE WHEN has_database_privilege('public', $1, 'CONNECT') THEN 'open' ELSE 'closed' END", name, cancellation) == "closed";
            await steps.EnsureAsync(Engine, $"nobody but its owner connects to {name}", isClosed,
                () => RunAsync(admin, $"REVOKE CONNECT ON DATABASE {Quote(name)} FROM PUBLIC", cancellation));
        }

        return new AppliedEngine(Endpoints.Text(Server), admin.PostgreSqlVersion.ToString(), manifest.System, time.GetUtcNow())
        {
            Services = [.. manifest.Services.Select(AppliedService.Of)],
        };
    }

    private async Task RoleAsync(NpgsqlConnection admin, string name, string password, bool hasDatabase, CancellationToken cancellation)
    {
        bool exists = await TextAsync(admin, "SELECT rolname::text FROM pg_roles WHERE rolname = $1", name, cancellation) is not null;
        bool isRight = exists && await AcceptsAsync(hasDatabase ? name : DatabaseLogin.AnyDatabase, name, password, cancellation);
        await steps.EnsureAsync(Engine, $"role {name}", isRight, () => RunAsync(
            admin, $"{(exists ? "ALTER" : "CREATE")} ROLE {Quote(name)} LOGIN PASSWORD '{PostgresPassword.VerifierOf(password)}'", cancellation));
    }

    /// <summary>Whether the password is right; that the database is closed to the role is another matter.</summary>
    private async Task<bool> AcceptsAsync(string database, string role, string password, CancellationToken cancellation)
    {
        try
        {
            await using NpgsqlConnection connection = await DatabaseLogin.OpenAsync(Server, database, role, password, cancellation);
            return true;
        }
        catch (PostgresException refused)
        {
            return refused.SqlState is not (PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification);
        }
    }

    private static async Task CreateAsync(NpgsqlConnection admin, string name, CancellationToken cancellation)
    {
        // Who is no superuser gives a database only to a role that it is a member of.
        string? isSuperuser =
            await TextAsync(admin, "SELECT rolsuper::text FROM pg_roles WHERE rolname = $1", DatabaseLogin.Administrator, cancellation);
        if (isSuperuser != "true") await RunAsync(admin, $"GRANT {Quote(name)} TO CURRENT_USER", cancellation);
        await RunAsync(admin, $"CREATE DATABASE {Quote(name)} OWNER {Quote(name)}", cancellation);
    }

    // Names are those of the manifest: small letters, digits and '-', which needs the quotes.
    private static string Quote(string name) => $"\"{name}\"";

    private static async Task<string?> TextAsync(NpgsqlConnection connection, string sql, string argument, CancellationToken cancellation)
    {
        await using NpgsqlCommand command = new(sql, connection) { Parameters = { new NpgsqlParameter { Value = argument } } };
        return (string?)await command.ExecuteScalarAsync(cancellation);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
