using Google.Protobuf;
using Microsoft.Extensions.Options;
using Quintet.Console.Telemetry.Forwarding;
using Quintet.Console.Telemetry.Reading;
using Quintet.Console.Telemetry.Storage;

namespace Quintet.Console.Telemetry.Receiving;

/// <summary>
/// Takes requests of either protocol: reads them, has them stored, and only then lets them be acknowledged. The bytes in hand are bounded;
/// who comes when there is no room is told to come again.
/// </summary>
internal sealed class Intake(WriterLoop writer, ForwardLoop forward, TelemetryMeter meter, IOptions<ConsoleOptions> options)
{
    private readonly long _bytesMax = options.Value.Telemetry.Limits.WaitingBytesMax;
    private long _bytes;

    /// <summary>Room for so many bytes; null when there is none. A request always has room when it is alone.</summary>
    public Room? Reserve(long bytes)
    {
        long all = Interlocked.Add(ref _bytes, bytes);
        if (all <= _bytesMax || all == bytes) return new Room(this, bytes);
        Interlocked.Add(ref _bytes, -bytes);
        meter.Refused("no room");
        return null;
    }

    /// <summary>Stores a request; when this is done, it is committed.</summary>
    /// <param name="signal">What it is.</param>
    /// <param name="message">It.</param>
    /// <param name="raw">It as protobuf, for another collector; null has it written again when there is one.</param>
    /// <exception cref="StoreUnavailableException">Nothing of it was stored.</exception>
    public async Task<Receipt> TakeAsync(Signal signal, IMessage message, byte[]? raw)
    {
        Batch batch = signal.Read(message);
        int rejected = await writer.WriteAsync(store => store.Add(batch));
        if (rejected > 0) batch.Reject("there are more series than Console:Telemetry:Limits:SeriesMax", rejected);
        if (batch.Rejected > 0) meter.Rejected(batch.Rejected);
        meter.Stored("spans", batch.Spans.Count);
        meter.Stored("logs", batch.Logs.Count);
        meter.Stored("hops", batch.Hops.Count);
        meter.Stored("points", batch.Points.Count - rejected);
        if (forward.IsOn) forward.Offer(signal, raw ?? message.ToByteArray());
        return new Receipt(batch.Rejected, batch.Reason);
    }

    /// <summary>Bytes held for a request until it is answered.</summary>
    internal sealed class Room(Intake intake, long bytes) : IDisposable
    {
        private long _bytes = bytes;

        public void Dispose() => Interlocked.Add(ref intake._bytes, -Interlocked.Exchange(ref _bytes, 0));
    }
}
