using System.Data.Common;
using System.Runtime.Versioning;
using Npgsql;
using Quintet.EndToEnd;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Quintet.TestKit.Telemetry;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// The tests share one system and its engines and put them right again; they run one after the other.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(RunningSystem))]

// It stands in for the one of the end-to-end tests, which are compiled here again, and bears its name.
namespace Quintet.EndToEnd;

/// <summary>
/// The reference system on a RabbitMQ, a PostgreSQL and a Consul cluster with access control, set up by <c>quintet engines apply</c>. Its services have
/// the accounts that were made for them; the environment's credentials are the operator's.
/// </summary>
public sealed class RunningSystem : IAsyncLifetime
{
    private readonly TempFolder folder = new();
    private SkipException? missing;

    public QuintetSystem System { get => Needed(field); private set; } = null!;

    public OtlpSink Telemetry { get; private set; } = null!;

    public RabbitProcess Rabbit { get => Needed(field); private set; } = null!;

    public ConsulCluster Consul { get => Needed(field); private set; } = null!;

    public PostgresProcess Postgres { get => Needed(field); private set; } = null!;

    /// <summary>Of the reference system, with engines.</summary>
    public string Manifest => folder["quintet.yaml"];

    /// <summary>What the operator has in the environment.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; private set; } = new Dictionary<string, string?>();

    /// <summary>SIGKILL to a part or to the engine in its place, which then comes back; returns when it has.</summary>
    public async Task KillAsync(string part, CancellationToken cancellation)
    {
        switch (part)
        {
            case "broker":
                await Rabbit.KillAsync();
                await Rabbit.RestartAsync(cancellation);
                break;
            case "registry":
                await Consul.RestartServerAsync(await Consul.KillLeaderAsync(cancellation), cancellation);
                break;
            default:
                await System.KillAsync(part, cancellation);
                break;
        }
    }

    /// <summary>Starts it again, in the same folder, after its end.</summary>
    public Task UpAgainAsync(CancellationToken cancellation) => System.UpAsync(cancellation, Environment);

    /// <summary>A service's database, to read as the server's superuser; not opened yet.</summary>
    public DbConnection DatabaseOf(string service) => new NpgsqlConnection(new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1", Port = Postgres.Port, Username = PostgresProcess.User, Password = PostgresProcess.Password,
        Database = $"reference_{service}", Pooling = false,
    }.ToString());

    public async ValueTask InitializeAsync()
    {
        try
        {
            await StartAsync(CancellationToken.None);
        }
        catch (SkipException skip)
        {
            // A fixture that skips would be a failure of every test; each one skips by itself when it reaches for what is missing.
            missing = skip;
        }
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        Postgres = await PostgresProcess.StartAsync(cancellation);
        Consul = await ConsulCluster.StartAsync(cancellation);
        Rabbit = await RabbitProcess.StartAsync(cancellation);
        Telemetry = await OtlpSink.StartAsync(cancellation);
        Describe();
        Environment = new Dictionary<string, string?>(Telemetry.ExporterEnvironment)
        {
            ["QUINTET_BROKER_USER"] = "guest",
            ["QUINTET_BROKER_PASSWORD"] = "guest",
            ["CONSUL_HTTP_TOKEN"] = Consul.ManagementToken,
            ["QUINTET_DATABASE_USER"] = PostgresProcess.User,
            ["QUINTET_DATABASE_PASSWORD"] = PostgresProcess.Password,
        };
        System = await QuintetSystem.StartAsync(cancellation, Manifest, Environment, ["engines", "apply"]);
    }

    public async ValueTask DisposeAsync()
    {
        missing = null; // what was started before it was missed is stopped all the same
        if (System is not null) await System.DisposeAsync();
        if (Telemetry is not null) await Telemetry.DisposeAsync();
        if (Rabbit is not null) await Rabbit.DisposeAsync();
        if (Consul is not null) await Consul.DisposeAsync();
        if (Postgres is not null) await Postgres.DisposeAsync();
        folder.Dispose();
    }

    private T Needed<T>(T part) => missing is null ? part : throw missing;

    /// <summary>The reference system's own manifest and configuration, with engines beside them.</summary>
    private void Describe()
    {
        string engines =
            $"""

            engines:
              broker: amqp://127.0.0.1:{Rabbit.Port}/reference
              management: http://127.0.0.1:{Rabbit.ManagementPort}
              registry: {Consul.Address}
              database: postgres://127.0.0.1:{Postgres.Port}
            history:
            """;
        string manifest = File.ReadAllText(Repository.At("quintet.yaml"))
            .Replace("project: services/", $"project: {Repository.At("services")}/", StringComparison.Ordinal);
        File.WriteAllText(Manifest, manifest + engines);
        Directory.CreateSymbolicLink(folder["config"], Repository.At("config"));
    }
}
