using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.Users.Tests;

/// <summary>The service Users as a process of its own, which can be killed and started again on the same port and data.</summary>
internal sealed class UsersProcess : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private ChildProcess _process = null!;

    public UsersProcess() => Start();

    public int Port { get; } = FreePort.Take();

    public string Database => Path.Combine(_folder["data"], "users.db");

    public string Output => _process.Output;

    public void Start() => _process = ChildProcess.Start(
        Path.Combine(AppContext.BaseDirectory, "Quintet.Users"),
        [$"--PORT={Port}", "--QUINTET_SERVICE=users", $"--QUINTET_DATA={_folder["data"]}"],
        _folder.Path);

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public ValueTask KillAsync() => _process.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
