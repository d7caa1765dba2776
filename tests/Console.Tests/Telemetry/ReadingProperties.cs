using CsCheck;
using Google.Protobuf;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Telemetry.Receiving;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>What holds for any telemetry.</summary>
public sealed class ReadingProperties
{
    private static readonly Signals Signals = new(Options.Create(new ConsoleOptions()), TimeProvider.System);

    private static readonly Gen<KeyValue> Attribute =
        from key in Gen.String[Gen.Char.AlphaNumeric, 1, 8]
        from text in Gen.String[Gen.Char[' ', '\u04ff'], 0, 12]
        from number in Gen.Long
        from real in Gen.Double
        from bytes in Gen.Byte.Array[0, 5]
        from choice in Gen.Int[0, 5]
        select new KeyValue
        {
            Key = key,
            Value = choice switch
            {
                0 => new AnyValue { StringValue = text },
                1 => new AnyValue { IntValue = number },
                2 => new AnyValue { DoubleValue = real },
                3 => new AnyValue { BoolValue = number > 0 },
                4 => new AnyValue { BytesValue = ByteString.CopyFrom(bytes) },
                _ => new AnyValue { ArrayValue = new ArrayValue { Values = { new AnyValue { StringValue = text }, new AnyValue { IntValue = number } } } },
            },
        };

    private static readonly Gen<Span> Span =
        from trace in Gen.Int[1, 3]
        from span in Gen.Int[1, 40]
        from parent in Gen.Int[0, 40]
        from at in Gen.Double[0, 100]
        from seconds in Gen.Double[0, 5]
        from kind in Gen.Int[0, 5]
        from isError in Gen.Bool
        from name in Gen.String[Gen.Char.AlphaNumeric, 0, 6]
        from attributes in Attribute.Array[0, 4]
        select Otlp.Span(trace, span, parent, name, kind, at, seconds, isError, attributes);

    private static readonly Gen<ExportTraceServiceRequest> Request =
        from service in Gen.OneOf<string>("users", "gateway", "mail")
        from spans in Span.Array[1, 6]
        select Otlp.Spans(service, spans);

    [Fact]
    public void Json_and_protobuf_are_read_alike() =>
        Request.Sample(request =>
        {
            // The JSON of OTLP has ids in hexadecimal, where protobuf's own writer has base64.
            string json = OtlpJson.Write(request);
            foreach (ByteString id in request.ResourceSpans[0].ScopeSpans[0].Spans.SelectMany(span => new[] { span.TraceId, span.SpanId, span.ParentSpanId }))
                if (id.Length > 0) json = json.Replace($"\"{id.ToBase64()}\"", $"\"{Convert.ToHexString(id.Span)}\"", StringComparison.Ordinal);

            IMessage read = OtlpJson.Read(json, Signals.Traces);

            Assert.Equal(request, read);
            Assert.Equal(
                Signals.Traces.Read(request).Spans.Select(span => (Convert.ToHexString(span.TraceId), span.Name, span.Attributes)),
                Signals.Traces.Read(read).Spans.Select(span => (Convert.ToHexString(span.TraceId), span.Name, span.Attributes)));
        });

    [Fact]
    public void Spans_in_any_order_give_the_same_summary() =>
        Gen.Select(Request.Array[1, 8], Gen.Int).Sample(
            (requests, seed) =>
            {
                using TestStore one = new();
                using TestStore other = new();
                ExportTraceServiceRequest[] unique = Unique(requests);
                one.Add(unique);

                // Each span alone, in another order, some of them twice.
                ExportTraceServiceRequest[] single = [.. unique.SelectMany(request => request.ResourceSpans[0].ScopeSpans[0].Spans.Select(
                    span => Otlp.Spans(request.ResourceSpans[0].Resource.Attributes[0].Value.StringValue, span)))];
                new Random(seed).Shuffle(single);
                other.Add([.. single, .. single.Take(3)]);

                Assert.Equal(Summaries(one), Summaries(other));
            },
            iter: 30);

    [Fact]
    public void Any_bytes_are_read_or_refused_but_never_break() =>
        Gen.Byte.Array[0, 60].Sample(bytes =>
        {
            foreach (Signal signal in (Signal[])[Signals.Traces, Signals.Logs, Signals.Metrics])
            {
                Refusable(() => signal.Read(signal.Parser.ParseFrom(bytes)));
                Refusable(() => signal.Read(OtlpJson.Read(System.Text.Encoding.Latin1.GetString(bytes), signal)));
            }
        });

    [Fact]
    public async Task Any_text_can_be_searched_for()
    {
        using TestStore store = new();
        store.Add(Otlp.Spans("users", Otlp.Span(1, 1, name: "GET /users/{id}")));
        store.Add(Otlp.Logs("users", Otlp.Log("it's \"quoted\" AND (nested) NOT near* col:val")));
        store.Settle();
        Gen<string> words = Gen.OneOf<string>(
            "\"", "'", "*", "(", ")", "NOT", "AND", "OR", "NEAR(", "col:", "-", "^", "+", "{", "}", "%", "\0", "\ud83d", "ü", " ", "id");
        await Gen.OneOf(Gen.String, words.Array[0, 8].Select(parts => string.Join("", parts))).SampleAsync(
            async text =>
            {
                await store.Traces.SearchAsync(new TraceFilter(TestStore.AllDay) { Text = text }, CancellationToken.None);
                await store.Logs.SearchAsync(new LogFilter(TestStore.AllDay) { Text = text }, CancellationToken.None);
            },
            iter: 300, threads: 1);

        Assert.Single((await store.Logs.SearchAsync(new LogFilter(TestStore.AllDay) { Text = "it's \"quoted\" and col:v" }, CancellationToken.None)).Logs);
    }

    [Fact]
    public void Buckets_are_read_as_they_were_written() =>
        Gen.Long[0, long.MaxValue].Array[0, 40].Sample(counts =>
        {
            long[] read = new long[counts.Length];
            Buckets.AddTo(read, Buckets.Write(counts));
            Assert.Equal(counts, read);
        });

    private static void Refusable(Action read)
    {
        try
        {
            read();
        }
        catch (Exception refused) when (refused is InvalidProtocolBufferException or InvalidJsonException)
        {
            // What the receiver answers with 400.
        }
    }

    /// <summary>A span that was sent by two services would count for whichever came first.</summary>
    private static ExportTraceServiceRequest[] Unique(ExportTraceServiceRequest[] requests)
    {
        HashSet<(ByteString, ByteString)> seen = [];
        return [.. requests.Select(request => Otlp.Spans(
            request.ResourceSpans[0].Resource.Attributes[0].Value.StringValue,
            [.. request.ResourceSpans[0].ScopeSpans[0].Spans.Where(span => seen.Add((span.TraceId, span.SpanId)))]))
            .Where(request => request.ResourceSpans[0].ScopeSpans[0].Spans.Count > 0)];
    }

    private static List<string> Summaries(TestStore store)
    {
        using Query query = new(store.Store.Connection, """
            SELECT hex(trace_id) || start || ' ' || duration || ' ' || error || ' ' || spans || ' ' || errors || ' ' || services || ' ' || root_orphan || ' '
              || hex(root_span) || ' ' || root_service || ' ' || root_name || ' ' || root_duration || ' '
              || (SELECT group_concat(service || start) FROM (SELECT service, start FROM trace_services WHERE trace = t.id ORDER BY service))
            FROM traces t ORDER BY trace_id
            """);
        return query.Read(row => row.GetString(0));
    }
}
