using System.Net.Sockets;
using Quintet.TestKit.Files;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.TestKit.Systems;

/// <summary>An SMTP server, Debian's aiosmtpd, which keeps what it accepts in a maildir of its own. It ends with this.</summary>
public sealed class SmtpProcess : IAsyncDisposable
{
    private readonly TempFolder folder = new();
    private readonly ChildProcess server;

    private SmtpProcess()
    {
        string[] words = ["-m", "aiosmtpd", "-n", "-l", $"127.0.0.1:{Port}", "-c", "aiosmtpd.handlers.Mailbox", folder["mails"]];
        server = ChildProcess.Start(Need.Python, words, folder.Path);
    }

    public int Port { get; } = FreePort.Take();

    public static async Task<SmtpProcess> StartAsync(CancellationToken cancellation)
    {
        Need.PythonModule("aiosmtpd", "python3-aiosmtpd");
        SmtpProcess started = new();
        await Eventually.TrueAsync(
            "the SMTP server takes connections",
            async () =>
            {
                using TcpClient client = new();
                await client.ConnectAsync("127.0.0.1", started.Port, cancellation);
                return true;
            },
            cancellation,
            () => started.server.Output);
        return started;
    }

    /// <summary>The mails it has accepted.</summary>
    public IReadOnlyList<Mail> Mails() =>
        Directory.Exists(folder["mails/new"]) ? [.. Directory.GetFiles(folder["mails/new"]).Select(Mail.Read)] : [];

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }
}
