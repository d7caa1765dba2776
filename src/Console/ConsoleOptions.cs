using System.ComponentModel.DataAnnotations;
using Quintet.Console.Access;
using Quintet.Console.Parts;
using Quintet.Console.Telemetry;
using Quintet.Hosting.Listening;

namespace Quintet.Console;

/// <summary>The console's settings, section <c>Console</c>. They are read at start and not reloaded.</summary>
internal sealed class ConsoleOptions
{
    public const string Section = "Console";

    /// <summary>The addresses to listen on: <c>loopback</c> (default, as every part here), <c>any</c>, or addresses separated by commas.</summary>
    [Required]
    public string Bind { get; set; } = ListenExtensions.Loopback;

    /// <summary>The port of the pages and of the console's API. Default 8090, the port of the house; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8090;

    /// <summary>Where telemetry and the audit log are kept. Required.</summary>
    [Required]
    public string DataFolder { get; set; } = "";

    /// <summary>How long the audit log is kept. Default 365 days. From one day to ten years.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3650.00:00:00")]
    public TimeSpan AuditAge { get; set; } = TimeSpan.FromDays(365);

    /// <summary>Who may look, and who may change something.</summary>
    public AccessOptions Access { get; set; } = new();

    /// <summary>Where the parts of the system are reached.</summary>
    public PartsOptions Parts { get; set; } = new();

    /// <summary>What is received of traces, logs and metrics, and how much of it is kept.</summary>
    public TelemetryOptions Telemetry { get; set; } = new();
}
