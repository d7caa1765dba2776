using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Gateway.Routes;

namespace Quintet.Gateway.Discovery;

/// <summary>The last good table in the data folder, so that a gateway that starts while the registry is away still knows its routes.</summary>
internal sealed partial class TableFile(IOptions<GatewayOptions> options, ILogger<TableFile> logger)
{
    private readonly string? _path = options.Value.DataFolder is { } folder ? Path.Combine(folder, "routes.json") : null;

    /// <summary>The table of the last run; null when there is none or it cannot be read.</summary>
    public RouteTable? Load()
    {
        if (_path is null || !File.Exists(_path)) return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(_path), RouteJson.Default.RouteTable);
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, _path, fault.Message);
            return null;
        }
    }

    /// <summary>Replaces the file in one step. A disk that fails costs the next start its routes and not this run's requests, so it is logged.</summary>
    public void Save(RouteTable table)
    {
        if (_path is null) return;
        string temporary = _path + ".new";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write))
            {
                JsonSerializer.Serialize(file, table, RouteJson.Default.RouteTable);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, _path, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.NotSaved(logger, _path, fault.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5011, LogLevel.Warning, "The route table of the last run in {File} cannot be read and is left aside: {Fault}")]
        public static partial void Unreadable(ILogger logger, string file, string fault);

        [LoggerMessage(5012, LogLevel.Error, "The route table could not be saved to {File}: {Fault}")]
        public static partial void NotSaved(ILogger logger, string file, string fault);
    }
}
