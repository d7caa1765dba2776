using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Quintet.Client.Broker;
using Quintet.Client.Consul;
using Quintet.Engines;
using Quintet.Manifest;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;
using Quintet.Terminal;

namespace Quintet.Commands.Engines;

/// <summary><c>quintet engines apply</c>: what the manifest declares is set up at each engine that is not embedded.</summary>
internal static class ApplyCommand
{
    public static Command Create()
    {
        Command command = new("apply",
            """
            Set up at each engine of your own what the manifest declares: an account for each service, which may do what its entry says, and what
            they share. What is there already stays; repeat it whenever services or events are added. 'quintet up' then uses those accounts.
            An administrator's credentials come from the environment and are kept nowhere: QUINTET_BROKER_USER and QUINTET_BROKER_PASSWORD for
            RabbitMQ's management API, CONSUL_HTTP_TOKEN for Consul, QUINTET_DATABASE_USER and QUINTET_DATABASE_PASSWORD for PostgreSQL.

            Examples:
              quintet engines apply --dry-run
              QUINTET_BROKER_USER=admin QUINTET_BROKER_PASSWORD=… CONSUL_HTTP_TOKEN=… quintet engines apply
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Option<bool> dryRun = new("--dry-run") { Description = "Only say what would be done." };
        command.Options.Add(dryRun);
        command.SetAction(async (line, cancellation) =>
        {
            SystemManifest manifest = ManifestReader.Read(system.ManifestFile(line));
            if (manifest.Engines is { Broker: null, Registry: null, Database: null })
                throw new CommandException(ExitCode.Usage, "every engine is embedded; name your own under 'engines:' in the manifest");
            bool isJson = system.IsJson(line);
            EngineSteps steps = new(line.GetValue(dryRun), (engine, outcome, what) =>
            {
                if (!isJson) System.Console.WriteLine($"{engine,-9} {outcome,-9} {what}");
            });
            try
            {
                await ApplyAsync(manifest, system.State(line), steps, cancellation);
            }
            finally
            {
                if (isJson) steps.Rows.Print(asJson: true); // as far as it came, too
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static async Task ApplyAsync(SystemManifest manifest, StateFolder state, EngineSteps steps, CancellationToken cancellation)
    {
        if (!steps.IsDryRun) state.Create();
        Secrets secrets = Secrets.Open(state.Secrets);
        if (!steps.IsDryRun) Prepare(manifest, secrets);
        if (manifest.Engines.Broker is not null)
        {
            AppliedEngine applied = await BrokerAsync(new BrokerSetup(manifest, secrets, steps, TimeProvider.System), cancellation);
            Note(record => record with { Broker = applied });
        }

        if (manifest.Engines.Registry is not null)
        {
            AppliedEngine applied = await RegistryAsync(new RegistrySetup(manifest, secrets, steps, TimeProvider.System), cancellation);
            Note(record => record with { Registry = applied });
        }

        if (manifest.Engines.Database is not null)
        {
            AppliedEngine applied = await DatabaseAsync(new DatabaseSetup(manifest, secrets, steps, TimeProvider.System), cancellation);
            Note(record => record with { Database = applied });
        }

        // Each engine by itself: what failed at the second is no reason to forget the first.
        void Note(Func<EngineRecord, EngineRecord> change)
        {
            if (!steps.IsDryRun) change(EngineRecord.Read(state)).Write(state);
        }
    }

    private static async Task<AppliedEngine> BrokerAsync(BrokerSetup setup, CancellationToken cancellation)
    {
        try
        {
            return await setup.ApplyAsync(cancellation);
        }
        catch (BrokerApiException refused) when (refused.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw new CommandException(ExitCode.Refused, $"{refused.Message}; {Credentials.BrokerUserVariable} and {Credentials.BrokerPasswordVariable} "
                + $"must name an administrator of RabbitMQ, and are those of '{Credentials.BrokerAdministrator().User}'");
        }
    }

    private static async Task<AppliedEngine> RegistryAsync(RegistrySetup setup, CancellationToken cancellation)
    {
        try
        {
            return await setup.ApplyAsync(cancellation);
        }
        catch (ConsulException refused) when (refused.Status is HttpStatusCode.Forbidden)
        {
            throw new CommandException(ExitCode.Refused, $"{refused.Message}; {Credentials.RegistryTokenVariable} must hold a token that may manage "
                + "Consul's access control (acl = \"write\", agent_prefix \"\" read)");
        }
    }

    private static async Task<AppliedEngine> DatabaseAsync(DatabaseSetup setup, CancellationToken cancellation)
    {
        try
        {
            return await setup.ApplyAsync(cancellation);
        }
        catch (NpgsqlException refused) when (refused is PostgresException || refused.InnerException is not (SocketException or TimeoutException))
        {
            throw new CommandException(ExitCode.Refused, $"PostgreSQL: {refused.Message}; {Credentials.DatabaseUserVariable} and "
                + $"{Credentials.DatabasePasswordVariable} must name a role that may create roles and databases, and are those of "
                + $"'{DatabaseLogin.Administrator}'");
        }
        catch (NpgsqlException away)
        {
            throw new CommandException(ExitCode.Unreachable, $"PostgreSQL: {away.Message}");
        }
    }

    /// <summary>Makes and keeps every secret before an engine is told one.</summary>
    private static void Prepare(SystemManifest manifest, Secrets secrets)
    {
        string[] services = [.. manifest.Services.Select(s => s.Name)];
        if (manifest.Engines.Broker is not null)
            foreach (string service in services) _ = secrets.Of("broker", service);
        if (manifest.Engines.Registry is not null)
            foreach (string user in services.Concat(RegistrySetup.Others)) _ = Credentials.EngineToken(secrets, user);
        if (manifest.Engines.Database is not null)
            foreach (string service in services) _ = secrets.Of("database", service);
        secrets.Save();
    }
}
