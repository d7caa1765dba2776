using Google.Protobuf;
using Quintet.Console.Telemetry.Protocol;

namespace Quintet.Console.Benchmarks;

/// <summary>Traces of six spans in three services, with attributes as the instrumentation of .NET gives them.</summary>
internal sealed class Traffic(int seed)
{
    public const int SpansOfTrace = 6;

    private static readonly string[] Services = ["gateway", "users", "notifications"];

    private readonly Random _random = new(seed);

    /// <summary>A request of one exporter: so many traces, their spans together.</summary>
    public byte[] Request(int traces, DateTimeOffset now)
    {
        ExportTraceServiceRequest request = new();
        ScopeSpans[] scopes = [.. Services.Select(service => Scope(request, service))];
        for (int trace = 0; trace < traces; trace++) AddTrace(scopes, now);
        return request.ToByteArray();
    }

    private static ScopeSpans Scope(ExportTraceServiceRequest request, string service)
    {
        ScopeSpans scope = new() { Scope = new InstrumentationScope { Name = "Microsoft.AspNetCore" } };
        request.ResourceSpans.Add(new ResourceSpans
        {
            Resource = new Resource { Attributes = { Pair("service.name", service), Pair("service.instance.id", $"{service}-1") } },
            ScopeSpans = { scope },
        });
        return scope;
    }

    private void AddTrace(ScopeSpans[] scopes, DateTimeOffset now)
    {
        ByteString trace = Id(16);
        ByteString parent = ByteString.Empty;
        int user = _random.Next(1, 1_000_000);
        bool fails = _random.Next(100) == 0;
        ulong start = (ulong)(now - DateTimeOffset.UnixEpoch).Ticks * 100;
        for (int i = 0; i < SpansOfTrace; i++)
        {
            Span span = new()
            {
                TraceId = trace,
                SpanId = Id(8),
                ParentSpanId = parent,
                Name = i % 2 == 0 ? "GET /users/{id}" : "GET",
                Kind = i % 2 == 0 ? 2 : 3,
                StartTimeUnixNano = start + ((ulong)i * 200_000),
                EndTimeUnixNano = start + (ulong)_random.Next(2_000_000, 40_000_000),
                Status = fails && i == 0 ? new Span.Types.Status { Code = 2 } : null,
                Attributes =
                {
                    Pair("http.request.method", "GET"), Pair("http.route", "/users/{id}"), Pair("url.path", $"/users/{user}"),
                    Pair("server.address", "127.0.0.1"), Pair("network.protocol.version", "1.1"),
                    new KeyValue { Key = "http.response.status_code", Value = new AnyValue { IntValue = fails ? 500 : 200 } },
                },
            };
            scopes[i / 2].Spans.Add(span);
            parent = span.SpanId;
        }
    }

    private ByteString Id(int length)
    {
        byte[] id = new byte[length];
        _random.NextBytes(id);
        return ByteString.CopyFrom(id);
    }

    private static KeyValue Pair(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };
}
