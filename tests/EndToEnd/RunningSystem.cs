using System.Data.Common;
using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using Quintet.EndToEnd;
using Quintet.TestKit.Systems;
using Quintet.TestKit.Telemetry;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// The tests share one system of real processes and put it right again; they run one after the other.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(RunningSystem))]

namespace Quintet.EndToEnd;

/// <summary>The reference system, started once for all tests, exporting its telemetry to a sink.</summary>
public sealed class RunningSystem : IAsyncLifetime
{
    public QuintetSystem System { get; private set; } = null!;

    public OtlpSink Telemetry { get; private set; } = null!;

    /// <summary>SIGKILL to a part, which then comes back by itself; returns when it has.</summary>
    public Task KillAsync(string part, CancellationToken cancellation) => System.KillAsync(part, cancellation);

    public async ValueTask InitializeAsync()
    {
        Telemetry = await OtlpSink.StartAsync(CancellationToken.None);
        System = await QuintetSystem.StartAsync(CancellationToken.None, environment: Telemetry.ExporterEnvironment);
    }

    /// <summary>Starts it again, in the same folder, after its end.</summary>
    public async Task UpAgainAsync(CancellationToken cancellation) => await System.UpAsync(cancellation, Telemetry.ExporterEnvironment);

    /// <summary>A service's database, to read; not opened yet.</summary>
    public DbConnection DatabaseOf(string service) => new SqliteConnection(new SqliteConnectionStringBuilder
    {
        DataSource = Path.Combine(System.State, "data", service, $"{service}.db"), Mode = SqliteOpenMode.ReadOnly, Pooling = false,
    }.ToString());

    public async ValueTask DisposeAsync()
    {
        await System.DisposeAsync();
        await Telemetry.DisposeAsync();
    }
}
