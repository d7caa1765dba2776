using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Receiving;

namespace Quintet.Console.Telemetry.Forwarding;

/// <summary>
/// Sends what was stored to another collector, in the order it came. What waits is bounded; a collector that is away costs that much memory
/// and a counter, and never holds up what is received.
/// </summary>
internal sealed partial class ForwardLoop(
    Collector collector, IOptions<ConsoleOptions> options, TimeProvider clock, TelemetryMeter meter, ILogger<ForwardLoop> logger) : BackgroundService
{
    private readonly ForwardOptions _options = options.Value.Telemetry.Forward;
    private readonly Channel<(Signal Signal, byte[] Request)> _waiting = Channel.CreateUnbounded<(Signal, byte[])>();
    private long _bytes;

    public bool IsOn => _options.Url is not null;

    public void Offer(Signal signal, byte[] request)
    {
        if (Interlocked.Add(ref _bytes, request.Length) <= _options.WaitingBytesMax && _waiting.Writer.TryWrite((signal, request))) return;
        Interlocked.Add(ref _bytes, -request.Length);
        meter.Undelivered("no room");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsOn) return;
        try
        {
            await foreach ((Signal signal, byte[] request) in _waiting.Reader.ReadAllAsync(stoppingToken))
            {
                await DeliverAsync(signal, request, stoppingToken);
                Interlocked.Add(ref _bytes, -request.Length);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The store has it; the other collector is not told what waited.
            while (_waiting.Reader.TryRead(out _)) meter.Undelivered("stopped");
        }
    }

    private async Task DeliverAsync(Signal signal, byte[] request, CancellationToken stopping)
    {
        long began = clock.GetTimestamp();
        for (TimeSpan pause = _options.PauseMin; ; pause = Shorter(pause * 2, _options.PauseMax))
        {
            (Delivery outcome, string reason) = await TryAsync(signal, request, stopping);
            if (outcome == Delivery.Taken)
            {
                meter.Forwarded();
                return;
            }

            if (outcome == Delivery.Refused || clock.GetElapsedTime(began) >= _options.TryFor)
            {
                meter.Undelivered(outcome == Delivery.Refused ? "refused" : "too late");
                Log.Dropped(logger, signal.Name, reason);
                return;
            }

            await Task.Delay(pause, clock, stopping);
        }
    }

    private async Task<(Delivery Outcome, string Reason)> TryAsync(Signal signal, byte[] request, CancellationToken stopping)
    {
        using CancellationTokenSource late = new(_options.Timeout, clock);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping);
        try
        {
            return await collector.SendAsync(signal, request, end.Token);
        }
        catch (Exception away) when (away is HttpRequestException or IOException || (away is OperationCanceledException && !stopping.IsCancellationRequested))
        {
            return (Delivery.Away, away.Message);
        }
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The other collector did not get a request of {Signal}: {Reason}")]
        public static partial void Dropped(ILogger logger, string signal, string reason);
    }
}
