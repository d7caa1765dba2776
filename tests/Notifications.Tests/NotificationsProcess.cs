using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.Notifications.Tests;

/// <summary>The service Notifications as a process of its own, which can be killed and started again on the same port and data.</summary>
internal sealed class NotificationsProcess : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string[] _settings;
    private ChildProcess _process = null!;

    public NotificationsProcess(params string[] settings)
    {
        _settings = settings;
        Start();
    }

    public int Port { get; } = FreePort.Take();

    public string Database => Path.Combine(_folder["data"], "notifications.db");

    public string MailFolder => _folder["mail"];

    public string Output => _process.Output;

    public bool IsStopping => Output.Contains("Application is shutting down", StringComparison.Ordinal);

    public void Start() => _process = ChildProcess.Start(
        Path.Combine(AppContext.BaseDirectory, "Quintet.Notifications"),
        [$"--PORT={Port}", "--QUINTET_SERVICE=notifications", $"--QUINTET_DATA={_folder["data"]}", $"--MAIL_DIRECTORY={MailFolder}", .. _settings],
        _folder.Path);

    /// <summary>SIGTERM; returns when the process has begun to stop.</summary>
    public async Task BeginStopAsync(CancellationToken cancellation)
    {
        await _process.TerminateAsync(cancellation);
        await Eventually.TrueAsync("the process is stopping", () => Task.FromResult(IsStopping), cancellation, () => Output);
    }

    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync(CancellationToken cancellation)
    {
        await _process.WaitAsync(cancellation);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public ValueTask KillAsync() => _process.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
