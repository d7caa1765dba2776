using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Receiving;

namespace Quintet.Console.Telemetry.Forwarding;

/// <summary>How one try ended.</summary>
internal enum Delivery
{
    /// <summary>The collector has it.</summary>
    Taken,

    /// <summary>It may have it later.</summary>
    Away,

    /// <summary>It will not have it.</summary>
    Refused,
}

/// <summary>The other collector, over HTTP with protobuf or over gRPC, whose unary call is one POST with five bytes before the message.</summary>
internal sealed class Collector : IDisposable
{
    private const int GrpcPrefix = 5;

    private readonly HttpClient _client;
    private readonly ForwardOptions _options;

    public Collector(IOptions<ConsoleOptions> options)
    {
        _options = options.Value.Telemetry.Forward;
        // Without activity headers: a request that is passed on begins no trace of its own.
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each try has its own
            MaxResponseContentBufferSize = 64 << 10, // an answer has a sentence or none
        };
    }

    public Task<(Delivery Outcome, string Reason)> SendAsync(Signal signal, byte[] message, CancellationToken cancellationToken) =>
        _options.Protocol == ForwardProtocol.Grpc ? SendGrpcAsync(signal, message, cancellationToken) : SendHttpAsync(signal, message, cancellationToken);

    public void Dispose() => _client.Dispose();

    private async Task<(Delivery Outcome, string Reason)> SendHttpAsync(Signal signal, byte[] message, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = Request(signal.Path, message, "application/x-protobuf");
        using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        // Section "OTLP/HTTP Response": these four may be tried again, and no other.
        Delivery outcome = response.IsSuccessStatusCode ? Delivery.Taken : response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => Delivery.Away,
            _ => Delivery.Refused,
        };
        return (outcome, $"HTTP {(int)response.StatusCode}");
    }

    private async Task<(Delivery Outcome, string Reason)> SendGrpcAsync(Signal signal, byte[] message, CancellationToken cancellationToken)
    {
        byte[] framed = new byte[GrpcPrefix + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, GrpcPrefix);
        using HttpRequestMessage request = Request(signal.GrpcPath, framed, "application/grpc");
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
        string status = GrpcStatus(response.TrailingHeaders) ?? GrpcStatus(response.Headers) ?? $"none, HTTP {(int)response.StatusCode}";
        // Section "OTLP/gRPC Response": CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS.
        Delivery outcome = status switch
        {
            "0" => Delivery.Taken,
            "1" or "4" or "8" or "10" or "11" or "14" or "15" => Delivery.Away,
            _ => Delivery.Refused,
        };
        return (outcome, $"gRPC status {status}");
    }

    private static string? GrpcStatus(HttpResponseHeaders headers) =>
        headers.TryGetValues("grpc-status", out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    private HttpRequestMessage Request(string path, byte[] body, string contentType)
    {
        HttpRequestMessage request = new(HttpMethod.Post, _options.Url!.TrimEnd('/') + path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        foreach (string pair in (_options.Headers?.Reveal() ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0) request.Headers.TryAddWithoutValidation(pair[..equals].Trim(), Uri.UnescapeDataString(pair[(equals + 1)..].Trim()));
        }

        return request;
    }
}
