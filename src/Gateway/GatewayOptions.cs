using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;
using Quintet.Client.Consul;
using Quintet.Hosting.Listening;
using Quintet.Hosting.Settings;

namespace Quintet.Gateway;

/// <summary>The gateway's settings, section <c>Gateway</c>. They are read at start and not reloaded; routes and policies are live.</summary>
internal sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>The addresses to listen on: <c>loopback</c> (default, as every part here), <c>any</c>, or addresses separated by commas.</summary>
    [Required]
    public string Bind { get; set; } = ListenExtensions.Loopback;

    /// <summary>The port for HTTP/1.1 and WebSocket. Default 8080, the port of the house; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8080;

    /// <summary>A second port for HTTP/2 without TLS, which gRPC clients need (a port without TLS cannot serve both). Null, the default, opens none.</summary>
    [Range(0, 65535)]
    public int? Http2Port { get; set; }

    /// <summary>Where the last good route table is kept for a start without the registry. Null, the default, keeps it in memory only.</summary>
    public string? DataFolder { get; set; }

    /// <summary>
    /// Addresses or networks (<c>10.0.0.0/8</c>) of proxies in front of this gateway, whose <c>X-Forwarded-For</c> and <c>-Proto</c> are
    /// believed. Empty, the default, believes nobody: what a client sends is replaced.
    /// </summary>
    public List<string> TrustedProxies { get; set; } = [];

    public RegistryAccess Registry { get; set; } = new();

    public DiscoveryOptions Discovery { get; set; } = new();

    public LimitOptions Limits { get; set; } = new();

    public RateOptions Rate { get; set; } = new();

    public TimeoutOptions Timeouts { get; set; } = new();

    public RetryOptions Retry { get; set; } = new();

    public EjectionOptions Ejection { get; set; } = new();

    public DrainOptions Drain { get; set; } = new();

    public AccessLogOptions AccessLog { get; set; } = new();
}

/// <summary>How the gateway reaches the registry.</summary>
internal sealed class RegistryAccess
{
    /// <summary>The registry's address. Default <c>http://127.0.0.1:8500</c>, Consul's.</summary>
    [Required]
    public string Url { get; set; } = "http://127.0.0.1:8500";

    /// <summary>A token that may read; null sends none.</summary>
    public Secret? Token { get; set; }
}

/// <summary>How routes are made of what the registry tells.</summary>
internal sealed class DiscoveryOptions
{
    /// <summary>How long changes are gathered before a new table is made. Default 100 ms: a rolling deploy changes several things at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan Debounce { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long the routes of a service without any instance answer 503 before they are unknown (404). Default 10 min, a restart
    /// with a generous build.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan RememberRoutes { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long after the registry was away instances that it no longer knows, or calls critical, are still used: a registry that was
    /// restarted empty learns them again within their heartbeats. Default 30 s. Dead instances are skipped meanwhile by their refused connections.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Relearn { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The most services that are watched, each by one parked request. Default 1000; those after it in the alphabet are left out
    /// and reported.
    /// </summary>
    [Range(1, 100_000)]
    public int ServicesMax { get; set; } = 1000;

    /// <summary>The most routes of one service. Default 64, as many metadata pairs as Consul takes.</summary>
    [Range(1, 10_000)]
    public int RoutesPerServiceMax { get; set; } = 64;
}

/// <summary>What a request may weigh.</summary>
internal sealed class LimitOptions
{
    /// <summary>All header lines together, answered with 431. Default 32 KiB, Kestrel's. From twice as much on the answer has no body.</summary>
    [Range(1024, 1 << 20)]
    public int HeaderBytesMax { get; set; } = 32 * 1024;

    /// <summary>The number of header lines, answered with 431 without a body. Default 100, Kestrel's.</summary>
    [Range(10, 10_000)]
    public int HeadersMax { get; set; } = 100;

    /// <summary>The request line, answered with 414 without a body. Default 8 KiB, Kestrel's.</summary>
    [Range(256, 1 << 20)]
    public int RequestLineBytesMax { get; set; } = 8 * 1024;

    /// <summary>The body, answered with 413; a service's policy may set its own. Default 30,000,000 bytes, Kestrel's.</summary>
    [Range(0L, 1L << 40)]
    public long BodyBytesMax { get; set; } = 30_000_000;

    /// <summary>
    /// Connections at a time; more are closed at once. Default 10,000: about half of the usual limit of open files, since each may
    /// need a second one.
    /// </summary>
    [Range(1, 1_000_000)]
    public int ConnectionsMax { get; set; } = 10_000;

    /// <summary>WebSockets at a time. Default 1,000, a tenth of the connections.</summary>
    [Range(0, 1_000_000)]
    public int WebSocketsMax { get; set; } = 1_000;

    /// <summary>How long a client may take to send its headers. Default 30 s, Kestrel's.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan HeaderTime { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>How often one client (an IPv4 address, an IPv6 /64) may ask; more is answered with 429.</summary>
internal sealed class RateOptions
{
    /// <summary>Requests a second in the long run. Default 5,000: no single person reaches it, a loop gone wild does. 0 sets no limit.</summary>
    [Range(0, 10_000_000)]
    public int PerSecond { get; set; } = 5_000;

    /// <summary>Requests at once after a pause. Default 10,000, two seconds' worth.</summary>
    [Range(1, 10_000_000)]
    public int Burst { get; set; } = 10_000;
}

/// <summary>How long a service may take. All times end with 504 when no answer has begun.</summary>
internal sealed class TimeoutOptions
{
    /// <summary>To connect to an instance. Default 2 s: instances are near, and a longer wait hides a dead machine.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Connect { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>From the request to the head of the answer when another instance may still be tried. Default 10 s, a third of <see cref="Total"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan PerTry { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// From the request, once its body has been received, to the head of the answer, over all tries. Default 30 s, a common
    /// patience of browsers and clients.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan Total { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Without a single byte in either direction; also ends an idle WebSocket or event stream. Default 100 s, YARP's.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Idle { get; set; } = TimeSpan.FromSeconds(100);
}

/// <summary>
/// One repetition on another instance, for GET, HEAD and OPTIONS, and for requests with an <c>Idempotency-Key</c> where the service's policy
/// says that it honours it. A request that never left (connection refused) is repeated whatever its method.
/// </summary>
internal sealed class RetryOptions
{
    /// <summary>Off sends every request once. Default on.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>The share of requests to a service that may be repeated. Default 0.2, the usual retry budget (Finagle, Linkerd).</summary>
    [Range(0.0, 1.0)]
    public double Share { get; set; } = 0.2;

    /// <summary>Repetitions a second on top of the share, so that a quiet service can be repeated at all. Default 10, Finagle's and Linkerd's.</summary>
    [Range(0, 100_000)]
    public int PerSecond { get; set; } = 10;

    /// <summary>The most repetitions saved up. Default 100, the budget of ten quiet seconds.</summary>
    [Range(0, 1_000_000)]
    public int Burst { get; set; } = 100;

    /// <summary>The largest body that is kept for a repetition. Default 64 KiB, Linkerd's; a request with a larger one is sent once.</summary>
    [Range(0, 16 << 20)]
    public int BodyBytesMax { get; set; } = 64 * 1024;
}

/// <summary>How long an instance is left alone after it refused a connection.</summary>
internal sealed class EjectionOptions
{
    /// <summary>The first time, doubled with each further refusal. Default 1 s: a dead instance is out of the registry by then.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan First { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan Max { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>How the gateway goes: unready at once, still accepting for <see cref="Delay"/>, then finishing what is in hand.</summary>
internal sealed class DrainOptions
{
    /// <summary>
    /// How long it keeps accepting while <c>/health/ready</c> says 503. Default 1 s, for a gateway on its own; behind a load
    /// balancer take two of its probe periods.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a client of a WebSocket then has to answer the Close frame. Default 1 s: a browser answers within a round trip.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan WebSocketFarewell { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long requests in hand may then take before they are cut. Default 8 s, so that all is over within the supervisor's 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(8);
}

/// <summary>One JSON line a request, written aside of the request's path.</summary>
internal sealed class AccessLogOptions
{
    /// <summary>The file. Null, the default, writes none.</summary>
    public string? File { get; set; }

    /// <summary>The size from which the file is put aside as <c>.1</c>, replacing the one before. Default 64 MiB.</summary>
    [Range(1024L, 1L << 40)]
    public long FileBytesMax { get; set; } = 64 << 20;

    /// <summary>Lines that wait for the disk; more are dropped and counted. Default 8192, about a second of a busy gateway.</summary>
    [Range(16, 1 << 20)]
    public int QueueMax { get; set; } = 8192;
}

/// <summary>What the attributes of the options cannot say.</summary>
internal sealed class GatewayOptionsRules : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        List<string> faults = [];
        if (options.Bind is not (ListenExtensions.Loopback or "any")
            && options.Bind.Split(',', StringSplitOptions.TrimEntries).Any(address => !IPAddress.TryParse(address, out _)))
            faults.Add($"Gateway:Bind: '{options.Bind}' is neither 'loopback', 'any' nor IP addresses");
        if (options.Http2Port is { } http2 && http2 != 0 && http2 == options.Port) faults.Add("Gateway:Http2Port: is the same as Gateway:Port");
        foreach (string proxy in options.TrustedProxies)
            if (!IPAddress.TryParse(proxy, out _) && !IPNetwork.TryParse(proxy, out _))
                faults.Add($"Gateway:TrustedProxies: '{proxy}' is neither an address nor a network");
        if (options.Timeouts.PerTry > options.Timeouts.Total) faults.Add("Gateway:Timeouts:PerTry: is longer than Gateway:Timeouts:Total");
        if (options.Ejection.First > options.Ejection.Max) faults.Add("Gateway:Ejection:First: is longer than Gateway:Ejection:Max");
        try
        {
            ConsulClient.CreateHttp(options.Registry.Url, null).Dispose();
        }
        catch (FormatException fault)
        {
            faults.Add($"Gateway:Registry:Url: {fault.Message}");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    public static IPNetwork NetworkOf(string proxy) =>
        IPAddress.TryParse(proxy, out IPAddress? address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : IPNetwork.Parse(proxy);
}
