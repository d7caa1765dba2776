using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Users.Tests;

/// <summary>The service Users as a process of its own, which can be killed and started again on the same port and data.</summary>
internal sealed class UsersProcess : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string[] _settings;
    private ChildProcess _process = null!;

    /// <param name="settings">As on the command line: <c>--DATABASE_URL=…</c>. Without one it has an SQLite file of its own.</param>
    public UsersProcess(params string[] settings)
    {
        _settings = settings;
        Client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{Port}") };
        Start();
    }

    public int Port { get; } = FreePort.Take();

    public HttpClient Client { get; }

    /// <summary>The SQLite file.</summary>
    public string Database => Path.Combine(_folder["data"], "users.db");

    public string Output => _process.Output;

    public void Start() => _process = ChildProcess.Start(
        Path.Combine(AppContext.BaseDirectory, "Quintet.Users"),
        [$"--PORT={Port}", "--QUINTET_SERVICE=users", $"--QUINTET_DATA={_folder["data"]}", .. _settings],
        _folder.Path);

    public Task BecomeReadyAsync() => Eventually.TrueAsync(
        "Users is ready",
        async () =>
        {
            if (_process.HasExited) throw new InvalidOperationException($"it ended with {_process.ExitCode}");
            return (await Client.GetAsync("/health/ready", TestContext.Current.CancellationToken)).IsSuccessStatusCode;
        },
        TestContext.Current.CancellationToken,
        () => _process.Output);

    /// <summary>SIGTERM, and waits until it is gone.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync(CancellationToken cancellation)
    {
        await _process.TerminateAsync(cancellation);
        await _process.WaitAsync(cancellation);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public ValueTask KillAsync() => _process.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
