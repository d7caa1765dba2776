using System.Net.Sockets;
using System.Text;

namespace Quintet.Gateway.Tests.Doubles;

/// <summary>Sends bytes as they are and reads until the other side closes.</summary>
public static class RawClient
{
    /// <summary>The whole answer to <paramref name="request"/>, in which <c>\n</c> stands for CR LF.</summary>
    public static async Task<string> AskAsync(Uri url, string request, CancellationToken cancellation)
    {
        using TcpClient client = new();
        await client.ConnectAsync(url.Host, url.Port, cancellation);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request.Replace("\n", "\r\n")), cancellation);
        using StreamReader answer = new(stream, Encoding.UTF8);
        try
        {
            return await answer.ReadToEndAsync(cancellation).WaitAsync(TimeSpan.FromSeconds(30), cancellation);
        }
        catch (IOException)
        {
            return ""; // reset without an answer
        }
    }
}
