using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Quintet.Notifications.Tests.Doubles;

/// <summary>As much of an SMTP server (RFC 5321) as takes a mail, on a socket.</summary>
internal sealed class SmtpDouble : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _serving;

    public SmtpDouble()
    {
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Answers the mail's end with this instead of taking it.</summary>
    public string? Refusal { get; set; }

    /// <summary>The mails taken, headers and all.</summary>
    public ConcurrentQueue<string> Mails { get; } = [];

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _serving;
        _listener.Dispose();
        _ending.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_ending.Token);
                await TalkAsync(client.GetStream());
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task TalkAsync(NetworkStream stream)
    {
        using StreamReader reader = new(stream, Encoding.UTF8);
        await using StreamWriter writer = new(stream, new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync("220 double");
        while (await reader.ReadLineAsync(_ending.Token) is { } command)
        {
            if (command.StartsWith("DATA", StringComparison.OrdinalIgnoreCase)) await TakeAsync(reader, writer);
            else await writer.WriteLineAsync(command.StartsWith("QUIT", StringComparison.OrdinalIgnoreCase) ? "221 bye" : "250 ok");
        }
    }

    private async Task TakeAsync(StreamReader reader, StreamWriter writer)
    {
        await writer.WriteLineAsync("354 go on");
        StringBuilder mail = new();
        while (await reader.ReadLineAsync(_ending.Token) is { } line && line != ".") mail.AppendLine(line);
        if (Refusal is null) Mails.Enqueue(mail.ToString());
        await writer.WriteLineAsync(Refusal ?? "250 taken");
    }
}
