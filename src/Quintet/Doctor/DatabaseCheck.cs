using Npgsql;
using Quintet.Engines;
using Quintet.Manifest;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;

namespace Quintet.Doctor;

/// <summary>A PostgreSQL server: each service's database is reached as the service's role.</summary>
internal sealed class DatabaseCheck(Findings findings, SystemManifest manifest, EngineAccounts accounts, Secrets secrets)
{
    private const string Check = "database";

    public async Task LookAsync(CancellationToken cancellation)
    {
        if (!accounts.HasDatabase) return; // it was told already that there is nothing yet
        try
        {
            foreach (ServiceManifest service in manifest.Services) await ServiceAsync(service.Name, cancellation);
            if (Environment.GetEnvironmentVariable(Credentials.DatabaseUserVariable) is not null)
                await new DatabaseSetup(manifest, secrets, findings.Missing(), TimeProvider.System).ApplyAsync(cancellation);
        }
        catch (NpgsqlException fault)
        {
            findings.Fault(Check, $"{Endpoints.Text(manifest.Engines.Database!)}: {fault.Message}", "start PostgreSQL, or correct engines.database");
        }
    }

    private async Task ServiceAsync(string service, CancellationToken cancellation)
    {
        string name = ManifestKeys.DatabaseName(manifest.System, service);
        try
        {
            await using NpgsqlConnection connection =
                await DatabaseLogin.OpenAsync(manifest.Engines.Database!, name, name, secrets.Of("database", service), cancellation);
            string version = connection.PostgreSqlVersion.ToString();
            if (EngineVersion.IsEnough(version, EngineVersion.PostgresLeast))
                findings.Ok(Check, $"{service} reaches its database {name} on PostgreSQL {version}");
            else findings.Fault(Check, $"PostgreSQL is {version}", $"upgrade it to {EngineVersion.PostgresLeast} or later");
        }
        catch (PostgresException refused)
        {
            findings.Fault(Check, $"{service}: {refused.MessageText}", "run 'quintet engines apply'");
        }
    }
}
