using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Quintet.Console.Telemetry;
using Quintet.Console.Telemetry.Protocol;
using Quintet.Console.Telemetry.Queries;
using Quintet.Console.Telemetry.Reading;
using Quintet.Console.Telemetry.Receiving;
using Quintet.Console.Telemetry.Storage;
using Quintet.Console.Telemetry.Upkeep;
using Quintet.TestKit.Files;

namespace Quintet.Console.Tests.Telemetry;

/// <summary>A store in a file of its own with a clock that stands still, written to without a receiver.</summary>
internal sealed class TestStore : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TelemetryFile _file;
    private readonly Settlement _settlement;
    private readonly Cleanup _cleanup;
    private readonly Signals _signals;

    public TestStore(Action<TelemetryOptions>? configure = null)
    {
        ConsoleOptions console = new() { DataFolder = _folder.Path };
        configure?.Invoke(console.Telemetry);
        IOptions<ConsoleOptions> options = Options.Create(console);
        Clock = new FakeTimeProvider(Otlp.Noon);
        _file = new TelemetryFile(options, NullLogger<TelemetryFile>.Instance);
        Store = new Store(_file.OpenForWriting(), console.Telemetry.Limits, Clock);
        _settlement = new Settlement(options, Clock);
        _cleanup = new Cleanup(options, Clock);
        _signals = new Signals(options, Clock);
        Reader = new StoreReader(_file, options, TimeProvider.System);
    }

    public static TimeRange AllDay { get; } = new(Otlp.Noon.AddHours(-12), Otlp.Noon.AddHours(12));

    public FakeTimeProvider Clock { get; }

    public Store Store { get; }

    public StoreReader Reader { get; }

    public Traces Traces => new(Reader);

    public Logs Logs => new(Reader);

    /// <summary>Stores requests, each in a transaction of its own; gives the number of rejected points.</summary>
    public int Add(params IMessage[] requests) => requests.Sum(request => Write(store => store.Add(Read(request))));

    public Batch Read(IMessage request) => request switch
    {
        ExportTraceServiceRequest => _signals.Traces.Read(request),
        ExportLogsServiceRequest => _signals.Logs.Read(request),
        _ => _signals.Metrics.Read(request),
    };

    /// <summary>Lets all traces go quiet and settles them.</summary>
    public Settled Settle()
    {
        Clock.Advance(TimeSpan.FromMinutes(1));
        return Write(store => _settlement.SettleQuiet(store, 10_000));
    }

    public int Clean()
    {
        int steps = 0;
        while (Write(_cleanup.Step) is not null) steps++;
        return steps;
    }

    public int Sweep() => Write(_cleanup.Sweep);

    public long Count(string table) => TelemetryFile.Number(Store.Connection, $"SELECT count(*) FROM {table}");

    public T Write<T>(Func<Store, T> work)
    {
        TelemetryFile.Run(Store.Connection, "BEGIN IMMEDIATE");
        T result = work(Store);
        TelemetryFile.Run(Store.Connection, "COMMIT");
        return result;
    }

    public void Dispose()
    {
        Reader.Dispose();
        Store.Dispose();
        _file.CloseReaders();
        _folder.Dispose();
    }
}
