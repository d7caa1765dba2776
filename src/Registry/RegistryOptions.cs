using System.ComponentModel.DataAnnotations;
using Quintet.Hosting.Listening;
using Quintet.Hosting.Settings;

namespace Quintet.Registry;

/// <summary>
/// Settings of the registry, section <c>Registry</c>. Only <see cref="Tokens"/> and <see cref="Anonymous"/> are taken over while it runs.
/// </summary>
public sealed class RegistryOptions
{
    /// <summary><c>loopback</c> (default), <c>any</c>, or IP addresses separated by commas.</summary>
    [Required]
    public string Bind { get; set; } = ListenExtensions.Loopback;

    /// <summary>Consul's port, 8500. 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8500;

    /// <summary>Where everything is kept; made when it is not there. Relative to the current directory.</summary>
    [Required]
    public string DataFolder { get; set; } = "data/registry";

    /// <summary>The name of the one data centre this registry is. Consul's default.</summary>
    [RegularExpression("^[a-z0-9_-]+$")]
    public string Datacenter { get; set; } = "dc1";

    /// <summary>
    /// The name of the node that agent registrations belong to; null means the machine's host name, which clients may resolve.
    /// </summary>
    public string? NodeName { get; set; }

    /// <summary>The address of that node, which stands in for a service that gives none.</summary>
    [Required]
    public string NodeAddress { get; set; } = "127.0.0.1";

    /// <summary>What a caller without a token may do. <c>Write</c> suits a registry alone on loopback.</summary>
    public AnonymousAccess Anonymous { get; set; } = AnonymousAccess.Write;

    /// <summary>Who else may do what.</summary>
    public IList<RegistryToken> Tokens { get; } = [];

    /// <summary>
    /// The log is rewritten as a snapshot when it is longer than this and than twice the last snapshot. 16 MiB: a start reads it in a
    /// blink.
    /// </summary>
    [Range(4096, long.MaxValue)]
    public long CompactAfterBytes { get; set; } = 16 << 20;

    /// <summary>How checks are made.</summary>
    public RegistryCheckOptions Checks { get; set; } = new();

    /// <summary>What the registry refuses.</summary>
    public RegistryLimitOptions Limits { get; set; } = new();
}

/// <summary>What callers without a token may do.</summary>
public enum AnonymousAccess
{
    /// <summary>Everything.</summary>
    Write,

    /// <summary>Read everything, change nothing.</summary>
    Read,

    /// <summary>Nothing but the health of this process.</summary>
    Deny,
}

/// <summary>A credential and what it opens. Any valid token reads everything.</summary>
public sealed class RegistryToken
{
    /// <summary>What logs call its bearer.</summary>
    [Required]
    public string Name { get; set; } = "";

    /// <summary>Presented as <c>X-Consul-Token</c>, as a bearer token, or as <c>?token=</c>.</summary>
    [Required]
    public Secret? Secret { get; set; }

    /// <summary>May do everything.</summary>
    public bool Management { get; set; }

    /// <summary>Names of services whose instances may be registered and deregistered and whose checks may be changed.</summary>
    public IList<string> Services { get; } = [];

    /// <summary>Keys that begin so may be written and deleted.</summary>
    public IList<string> KeyPrefixes { get; } = [];
}

/// <summary>How checks are made; section <c>Registry:Checks</c>.</summary>
public sealed class RegistryCheckOptions
{
    /// <summary>The time an HTTP or TCP check may take when it does not say. Consul's default, 10 s.</summary>
    public TimeSpan DefaultTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Shorter intervals and TTLs are raised to this. 100 ms: a dead instance is seen well within a second.</summary>
    public TimeSpan IntervalMin { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A new output of an unchanged status moves the index at most this often. Consul's default, 5 min.</summary>
    public TimeSpan OutputInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Shorter times of DeregisterCriticalServiceAfter are raised to this. Consul's, 1 min.</summary>
    public TimeSpan DeregisterAfterMin { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often services that are critical for too long are looked for. Consul's, 30 s.</summary>
    public TimeSpan ReapInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How much of an answer a check keeps. Consul's, 4096.</summary>
    [Range(0, 1 << 20)]
    public int OutputBytesMax { get; set; } = 4096;

    /// <summary>HTTP and TCP checks in flight at one time; the others wait their turn.</summary>
    [Range(1, 100_000)]
    public int ProbesMax { get; set; } = 512;

    /// <summary>
    /// Networks that checks never connect to, as CIDR. The default is where clouds answer with the credentials of the machine; loopback and
    /// private networks stay open, since services live there.
    /// </summary>
    public IList<string> DeniedNetworks { get; } = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32"];
}

/// <summary>What the registry refuses; section <c>Registry:Limits</c>.</summary>
public sealed class RegistryLimitOptions
{
    /// <summary>Open connections; the next gets 429 and is closed. Each watch of a client holds one.</summary>
    [Range(1, 1_000_000)]
    public int ConnectionsMax { get; set; } = 20_000;

    /// <summary>Blocking queries that wait at one time; the next gets 429.</summary>
    [Range(1, 1_000_000)]
    public int WatchesMax { get; set; } = 20_000;

    /// <summary>Bytes of a value. Consul's default, 512 KiB.</summary>
    [Range(1, 64 << 20)]
    public int KeyValueBytesMax { get; set; } = 512 * 1024;

    /// <summary>
    /// Bytes of any other body but a transaction's, which may have twice <see cref="KeyValueBytesMax"/>. A registration has a few
    /// hundred.
    /// </summary>
    [Range(1024, 64 << 20)]
    public int BodyBytesMax { get; set; } = 64 * 1024;

    /// <summary>
    /// UTF-16 units of a key, a service id or a check id. A request line holds 8 KiB, of which a unit may take nine bytes.
    /// </summary>
    [Range(16, 8192)]
    public int NameLengthMax { get; set; } = 2048;

    /// <summary>Instances of services.</summary>
    [Range(1, int.MaxValue)]
    public int InstancesMax { get; set; } = 100_000;

    /// <summary>Keys.</summary>
    [Range(1, int.MaxValue)]
    public int KeysMax { get; set; } = 1_000_000;

    /// <summary>Bytes of all values together; they are kept in memory. 512 MiB.</summary>
    [Range(1 << 20, 1L << 40)]
    public long KeysBytesMax { get; set; } = 512L << 20;

    /// <summary>Checks of this node and of its instances.</summary>
    [Range(1, int.MaxValue)]
    public int ChecksMax { get; set; } = 200_000;

    /// <summary>Sessions.</summary>
    [Range(1, int.MaxValue)]
    public int SessionsMax { get; set; } = 100_000;

    /// <summary>Bytes of writes that wait for the disk; more get 429.</summary>
    [Range(1 << 20, 1 << 30)]
    public long WaitingWriteBytesMax { get; set; } = 64 << 20;

    /// <summary>
    /// Removed keys and service names whose index is remembered, each. Older ones share one index; a watch on them may then wake once for
    /// nothing.
    /// </summary>
    [Range(16, 10_000_000)]
    public int RemovalsRememberedMax { get; set; } = 65_536;

    /// <summary>The longest a query blocks. Consul's, 10 min.</summary>
    public TimeSpan WaitMax { get; set; } = TimeSpan.FromMinutes(10);
}
