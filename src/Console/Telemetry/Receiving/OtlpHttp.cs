using System.Globalization;
using System.IO.Compression;
using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Quintet.Console.Telemetry.Protocol.Rpc;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Receiving;

/// <summary>
/// OTLP over HTTP, section "OTLP/HTTP" of its specification: protobuf or JSON, plain or gzip; a refusal has a <c>google.rpc.Status</c> in the
/// request's encoding, and 429 and 503 say when to come again.
/// </summary>
internal sealed class OtlpHttp(Signals signals, Intake intake, TelemetryMeter meter, IOptions<ConsoleOptions> options)
{
    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";

    // google.rpc.Code
    private const int InvalidArgument = 3;
    private const int NotFound = 5;
    private const int ResourceExhausted = 8;
    private const int Unimplemented = 12;
    private const int Unavailable = 14;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly TelemetryLimitOptions _limits = options.Value.Telemetry.Limits;

    public async Task InvokeAsync(HttpContext http)
    {
        string? encoding = EncodingOf(http.Request);
        Signal? signal = signals.AtPath(http.Request.Path);
        if (signal is null) await RefuseAsync(http, encoding, StatusCodes.Status404NotFound, NotFound, "POST to /v1/traces, /v1/metrics or /v1/logs");
        else if (!HttpMethods.IsPost(http.Request.Method))
            await RefuseAsync(http, encoding, StatusCodes.Status405MethodNotAllowed, Unimplemented, "POST is the only method here");
        else if (encoding is null)
            await RefuseAsync(http, null, StatusCodes.Status415UnsupportedMediaType, InvalidArgument, $"Content-Type must be {Protobuf} or {Json}");
        else if (CompressionOf(http.Request) is not ("" or "gzip" or "identity"))
            await RefuseAsync(http, encoding, StatusCodes.Status415UnsupportedMediaType, InvalidArgument, "Content-Encoding must be gzip or none");
        else await TakeAsync(http, signal, encoding);
    }

    private async Task TakeAsync(HttpContext http, Signal signal, string encoding)
    {
        bool isGzip = CompressionOf(http.Request) == "gzip";
        // What a compressed body grows to is not known before; eight times is what telemetry compresses to.
        long expected = Math.Min(_limits.BodyBytesMax, (http.Request.ContentLength ?? _limits.BodyBytesMax) * (isGzip ? 8 : 1));
        using Intake.Room? room = intake.Reserve(expected);
        if (room is null)
        {
            await RefuseAsync(http, encoding, StatusCodes.Status429TooManyRequests, ResourceExhausted, "too much is being stored already");
            return;
        }

        try
        {
            byte[] body = await ReadAsync(http, isGzip);
            IMessage message = encoding == Json ? OtlpJson.Read(StrictUtf8.GetString(body), signal) : signal.Parser.ParseFrom(body);
            Receipt receipt = await intake.TakeAsync(signal, message, encoding == Json ? null : body);
            await AnswerAsync(http, encoding, signal.Answer(receipt));
        }
        catch (BodyTooLargeException)
        {
            await RefuseAsync(
                http, encoding, StatusCodes.Status413PayloadTooLarge, InvalidArgument, $"a request may have {_limits.BodyBytesMax} bytes, compressed or not");
        }
        catch (Exception malformed)
            when (malformed is InvalidProtocolBufferException or InvalidJsonException or InvalidDataException or DecoderFallbackException)
        {
            await RefuseAsync(http, encoding, StatusCodes.Status400BadRequest, InvalidArgument, $"the body cannot be read: {malformed.Message}");
        }
        catch (StoreUnavailableException away)
        {
            await RefuseAsync(http, encoding, StatusCodes.Status503ServiceUnavailable, Unavailable, away.Message);
        }
    }

    private async Task<byte[]> ReadAsync(HttpContext http, bool isGzip)
    {
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = null; // it is counted here, before and after decompression
        if (http.Request.ContentLength > _limits.BodyBytesMax) throw new BodyTooLargeException();
        using BoundedStream sent = new(http.Request.Body, _limits.BodyBytesMax);
        using MemoryStream body = new(isGzip ? 0 : (int)(http.Request.ContentLength ?? 0));
        if (!isGzip)
        {
            await sent.CopyToAsync(body, http.RequestAborted);
        }
        else
        {
            await using GZipStream unpacked = new(sent, CompressionMode.Decompress);
            using BoundedStream bounded = new(unpacked, _limits.BodyBytesMax);
            await bounded.CopyToAsync(body, http.RequestAborted);
        }

        return body.Length == body.Capacity ? body.GetBuffer() : body.ToArray();
    }

    private static string CompressionOf(HttpRequest request) => request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();

    private static string? EncodingOf(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)) return null;
        if (type.MediaType.Equals(Protobuf, StringComparison.OrdinalIgnoreCase)) return Protobuf;
        return type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase) ? Json : null;
    }

    private Task RefuseAsync(HttpContext http, string? encoding, int status, int code, string reason)
    {
        if (status is not (StatusCodes.Status429TooManyRequests or StatusCodes.Status404NotFound)) meter.Refused($"{status}");
        http.Response.StatusCode = status;
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            http.Response.Headers.RetryAfter = Math.Ceiling(_limits.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return AnswerAsync(http, encoding ?? Json, new Status { Code = code, Message = reason });
    }

    private static async Task AnswerAsync(HttpContext http, string encoding, IMessage answer)
    {
        http.Response.ContentType = encoding;
        byte[] body = encoding == Json ? Encoding.UTF8.GetBytes(OtlpJson.Write(answer)) : answer.ToByteArray();
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
