using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Gateway.Telemetry;

namespace Quintet.Gateway.Requests;

/// <summary>One line of the access log. The query is left out: it may hold what should not be kept.</summary>
internal sealed record AccessLine
{
    public DateTimeOffset Time { get; init; }

    public string? Client { get; init; }

    public string? Method { get; init; }

    public string? Path { get; init; }

    public string? Protocol { get; init; }

    public int Status { get; init; }

    public double Milliseconds { get; init; }

    public string? Service { get; init; }

    public string? Instance { get; init; }

    public int Tries { get; init; }

    public string? TraceId { get; init; }
}

/// <summary>Writes the access log from a bounded queue, so that a slow disk never holds a request; what does not fit is counted and dropped.</summary>
internal sealed partial class AccessLog : BackgroundService
{
    private readonly AccessLogOptions _options;
    private readonly ILogger<AccessLog> _logger;
    private readonly Channel<AccessLine> _lines;

    public AccessLog(IOptions<GatewayOptions> options, GatewayMeter meter, ILogger<AccessLog> logger)
    {
        (_options, _logger) = (options.Value.AccessLog, logger);
        _lines = Channel.CreateBounded<AccessLine>(
            new BoundedChannelOptions(_options.QueueMax) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true },
            _ => meter.LineDropped());
    }

    public bool IsOn => _options.File is not null;

    public void Write(AccessLine line) => _lines.Writer.TryWrite(line);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.File is null) return;
        // Ends when the lines do and not when the host stops, so that the last requests are in it.
        await foreach (AccessLine first in _lines.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                await AppendAsync(first);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                Log.NotWritten(_logger, _options.File, fault.Message);
            }
        }
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        _lines.Writer.TryComplete();
        return base.StopAsync(cancellationToken);
    }

    private async Task AppendAsync(AccessLine first)
    {
        string path = Path.GetFullPath(_options.File!);
        if (new FileInfo(path) is { Exists: true } existing && existing.Length >= _options.FileBytesMax) File.Move(path, path + ".1", overwrite: true);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using MemoryStream batch = new();
        AccessLine? line = first;
        do
        {
            JsonSerializer.Serialize(batch, line, AccessJson.Default.AccessLine);
            batch.WriteByte((byte)'\n');
        }
        while (batch.Length < 64 * 1024 && _lines.Reader.TryRead(out line));

        await using FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        batch.Position = 0;
        await batch.CopyToAsync(file);
    }

    private static partial class Log
    {
        [LoggerMessage(5051, LogLevel.Warning, "Lines of the access log {File} were lost: {Fault}")]
        public static partial void NotWritten(ILogger logger, string file, string fault);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AccessLine))]
internal sealed partial class AccessJson : JsonSerializerContext;
