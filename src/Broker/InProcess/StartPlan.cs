using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Quintet.Broker.InProcess;

/// <summary>A copy of the options as they were at the start, checked, so that a restart does what the start did.</summary>
internal sealed class StartPlan
{
    private static readonly string[] OwnKeys = ["Broker:Bind", "Broker:Port", "Broker:ManagementPort", "Broker:DataFolder", "Broker:Storage:Durability"];

    private readonly bool _findsAmqpPort;
    private readonly bool _findsManagementPort;
    private readonly Dictionary<string, string?> _values;

    /// <exception cref="ArgumentException">An option cannot be meant; the text names it.</exception>
    public StartPlan(QuintetBrokerOptions options)
    {
        (AmqpPort, ManagementPort) = (options.Port, options.ManagementPort);
        CheckPort(nameof(options.Port), AmqpPort);
        CheckPort(nameof(options.ManagementPort), ManagementPort);
        if (AmqpPort != 0 && AmqpPort == ManagementPort)
            throw new ArgumentException($"{nameof(options.ManagementPort)}: {ManagementPort} is {nameof(options.Port)} already");
        if (options.DataFolder is { } named && string.IsNullOrWhiteSpace(named))
            throw new ArgumentException($"{nameof(options.DataFolder)}: it is empty; null means a temporary folder");

        Loggers = options.LoggerFactory ?? NullLoggerFactory.Instance;
        _findsAmqpPort = AmqpPort == 0;
        _findsManagementPort = ManagementPort == 0;
        IsTemporary = options.DataFolder is null;
        _values = ValuesOf(options);
        (User, Password) = options.Users.Count > 0 ? (options.Users[0].Name, options.Users[0].Password) : ("guest", "guest");
        Passwords = options.Users.ToDictionary(user => user.Name, user => user.Password, StringComparer.Ordinal);
        if (Passwords.Count == 0) Passwords[User] = Password;
        DataFolder = options.DataFolder is { } folder ? Path.GetFullPath(folder) : Directory.CreateTempSubdirectory("quintet-broker-").FullName;
    }

    public ILoggerFactory Loggers { get; }

    public string DataFolder { get; }

    /// <summary>The folder was made here, and goes with the broker.</summary>
    public bool IsTemporary { get; }

    public int AmqpPort { get; private set; }

    public int ManagementPort { get; private set; }

    public bool FindsAPort => _findsAmqpPort || _findsManagementPort;

    public string User { get; }

    public string Password { get; }

    public Dictionary<string, string> Passwords { get; }

    /// <summary>Looks for the ports that are free to choose.</summary>
    public void FindPorts()
    {
        if (_findsAmqpPort) AmqpPort = FreePorts.Take();
        if (_findsManagementPort) ManagementPort = FreePorts.Take();
    }

    /// <summary>What the box is told.</summary>
    public Dictionary<string, string?> Values() => new(_values, StringComparer.OrdinalIgnoreCase)
    {
        ["Broker:Port"] = AmqpPort.ToString(CultureInfo.InvariantCulture),
        ["Broker:ManagementPort"] = ManagementPort.ToString(CultureInfo.InvariantCulture),
        ["Broker:DataFolder"] = DataFolder,
    };

    private static Dictionary<string, string?> ValuesOf(QuintetBrokerOptions options)
    {
        Dictionary<string, string?> values = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string key, string? value) in options.Settings)
        {
            if (OwnKeys.Contains(key, StringComparer.OrdinalIgnoreCase) || key.StartsWith("Broker:Users", StringComparison.OrdinalIgnoreCase))
                throw new ArgumentException(
                    $"{nameof(options.Settings)}: '{key}' is set by a property of {nameof(QuintetBrokerOptions)}, or is not for a test");
            if (!key.StartsWith("Broker:", StringComparison.OrdinalIgnoreCase))
                throw new ArgumentException($"{nameof(options.Settings)}: '{key}' is no setting of the broker; those begin with 'Broker:'");
            values[key] = value;
        }

        BrokerDurability durability = options.Durability ?? (options.DataFolder is null ? BrokerDurability.Os : BrokerDurability.Fsync);
        values["Broker:Storage:Durability"] = durability.ToString();
        foreach ((int index, QuintetBrokerUser user) in options.Users.Index())
        {
            string key = $"Broker:Users:{index}";
            values[$"{key}:Name"] = user.Name;
            values[$"{key}:Password"] = user.Password;
            foreach ((int at, string tag) in user.Tags.Index()) values[$"{key}:Tags:{at}"] = tag;
            values[$"{key}:Permissions:0:Vhost"] = "/";
            values[$"{key}:Permissions:0:Configure"] = user.Configure;
            values[$"{key}:Permissions:0:Write"] = user.Write;
            values[$"{key}:Permissions:0:Read"] = user.Read;
        }

        foreach (string name in options.Users.GroupBy(user => user.Name, StringComparer.Ordinal).Where(same => same.Count() > 1).Select(same => same.Key))
            throw new ArgumentException($"{nameof(options.Users)}: '{name}' is there twice");
        return values;
    }

    private static void CheckPort(string option, int port)
    {
        if (port is < 0 or > 65535) throw new ArgumentException($"{option}: {port} is not a port; 1 to 65535, or 0 for a free one");
    }
}
