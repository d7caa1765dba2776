using Xunit;

namespace Quintet.TestKit.Systems;

/// <summary>
/// One PostgreSQL server for a whole test program, as its assembly fixture: started by the first test that asks. Tests that find no package
/// are skipped. A class whose tests run on both engines is abstract, with a subclass that hands over this and one that hands over null.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private PostgresProcess? process;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The server, running.</summary>
    public async Task<PostgresProcess> RunningAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            return process ??= await PostgresProcess.StartAsync(cancellation);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>What tells a service to stand on a new database of this server; nothing for null, which leaves it on SQLite.</summary>
    public static async Task<string[]> SettingsOfNewAsync(PostgresServer? server, CancellationToken cancellation) =>
        server is null ? [] : [$"DATABASE_URL={await (await server.RunningAsync(cancellation)).CreateDatabaseAsync(cancellation)}"];

    public async ValueTask DisposeAsync()
    {
        if (process is not null) await process.DisposeAsync();
        gate.Dispose();
    }
}
