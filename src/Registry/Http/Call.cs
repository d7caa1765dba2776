using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Quintet.Hosting.Telemetry;
using Quintet.Registry.Access;

namespace Quintet.Registry.Http;

/// <summary>One request to the API and the ways to answer it.</summary>
/// <param name="http">The server's own view of it.</param>
/// <param name="target">Path and query.</param>
/// <param name="rest">What follows the route's prefix, decoded.</param>
/// <param name="grant">What the caller may do.</param>
internal sealed class Call(HttpContext http, RequestTarget target, string rest, Grant grant)
{
    private const int CompressFromBytes = 1400; // what fits into one packet gains nothing

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };
    private static readonly JsonWriterOptions Pretty = Compact with { Indented = true, IndentSize = 4, NewLine = "\n" };

    public RequestTarget Target => target;

    public string Rest => rest;

    public Grant Grant => grant;

    public CancellationToken Aborted => http.RequestAborted;

    /// <summary>It waits for a change, and says nothing of how fast the registry is.</summary>
    public void BeginWaiting() => http.LeaveOutOfTelemetry();

    public IHeaderDictionary RequestHeaders => http.Request.Headers;

    public IHeaderDictionary ResponseHeaders => http.Response.Headers;

    /// <summary>Throws a 403 unless <paramref name="isAllowed"/>.</summary>
    public static void Demand(bool isAllowed)
    {
        if (!isAllowed) throw RefusalException.Denied();
    }

    /// <summary>The whole body, whatever its content type says.</summary>
    /// <param name="bytesMax">More is refused with 413.</param>
    /// <param name="tooLarge">Makes the text of that refusal from the number of bytes announced or seen.</param>
    public async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(int bytesMax, Func<long, string> tooLarge)
    {
        if (http.Request.ContentLength > bytesMax) throw TooLarge(tooLarge(http.Request.ContentLength.Value));
        PipeReader input = http.Request.BodyReader;
        while (true)
        {
            ReadResult read = await input.ReadAsync(Aborted);
            if (read.Buffer.Length > bytesMax)
            {
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                throw TooLarge(tooLarge(read.Buffer.Length));
            }

            if (read.IsCompleted)
            {
                byte[] body = read.Buffer.ToArray();
                input.AdvanceTo(read.Buffer.End);
                return body;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>The whole body, refused with the usual text when it is larger.</summary>
    public ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(int bytesMax) =>
        ReadBodyAsync(bytesMax, bytes => string.Create(CultureInfo.InvariantCulture, $"Request body({bytes} bytes) too large, max size: {bytesMax} bytes."));

    /// <summary>A status without a body.</summary>
    public Task Empty(int status = 200)
    {
        http.Response.StatusCode = status;
        http.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    public Task Text(int status, string text) => Bytes(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    /// <summary>Text without a character set, as Consul sends values and health words.</summary>
    public Task PlainText(int status, string text) => Bytes(status, "text/plain", Encoding.UTF8.GetBytes(text));

    public Task Json(Action<Utf8JsonWriter> write, int status = 200) => Bytes(status, "application/json", Render(write));

    /// <summary>JSON as this caller wants it: compact, or with <c>?pretty</c> by four blanks and a newline at the end.</summary>
    public ReadOnlyMemory<byte> Render(Action<Utf8JsonWriter> write)
    {
        bool isPretty = target.Has("pretty");
        ArrayBufferWriter<byte> body = new(1024);
        using (Utf8JsonWriter json = new(body, isPretty ? Pretty : Compact)) write(json);
        if (isPretty) body.Write("\n"u8);
        return body.WrittenMemory;
    }

    public Task Bytes(int status, string contentType, ReadOnlyMemory<byte> body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        if (body.Length >= CompressFromBytes && AcceptsGzip())
        {
            body = Compressed(body);
            http.Response.Headers.ContentEncoding = "gzip";
        }

        http.Response.ContentLength = body.Length;
        return http.Request.Method == HttpMethods.Head ? Task.CompletedTask : http.Response.Body.WriteAsync(body, Aborted).AsTask();
    }

    private RefusalException TooLarge(string text)
    {
        http.Response.Headers.Connection = "close"; // the rest of the body is not read
        return new RefusalException(413, text);
    }

    private bool AcceptsGzip() =>
        http.Request.Headers.AcceptEncoding.ToString().Split(',').Any(coding => coding.AsSpan().Trim() is "gzip");

    private static ReadOnlyMemory<byte> Compressed(ReadOnlyMemory<byte> body)
    {
        using MemoryStream output = new();
        using (GZipStream gzip = new(output, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(body.Span);
        return output.ToArray();
    }
}
