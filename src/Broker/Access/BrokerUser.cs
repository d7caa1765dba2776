using System.Text.RegularExpressions;
using Quintet.Hosting.Settings;

namespace Quintet.Broker.Access;

internal enum Right
{
    Configure,
    Write,
    Read,
}

/// <summary>A user with the rights of one moment. Immutable; thread-safe.</summary>
internal sealed class BrokerUser
{
    // Patterns come from the operator but are run on names that clients choose.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(250);

    private readonly Secret _password;
    private readonly Dictionary<string, Regex[]> _permissions = [];
    private readonly Dictionary<(string Vhost, string Exchange), (Regex Write, Regex Read)> _topics = [];

    public BrokerUser(UserOptions options, bool fromLoopbackOnly = false)
    {
        Name = options.Name;
        Tags = [.. options.Tags];
        Permissions = [.. options.Permissions];
        IsFromLoopbackOnly = fromLoopbackOnly;
        _password = options.Password!;
        foreach (PermissionOptions permission in options.Permissions)
            _permissions[permission.Vhost] = [Compile(permission.Configure), Compile(permission.Write), Compile(permission.Read)];
        foreach (TopicPermissionOptions topic in options.TopicPermissions)
            _topics[(topic.Vhost, topic.Exchange)] = (Compile(topic.Write), Compile(topic.Read));
    }

    public string Name { get; }

    public IReadOnlyList<string> Tags { get; }

    public bool IsFromLoopbackOnly { get; }

    public IReadOnlyList<PermissionOptions> Permissions { get; }

    public bool IsAdministrator => Tags.Contains("administrator");

    /// <summary>Sees every virtual host and connection in the management API.</summary>
    public bool MayWatch => Tags.Any(tag => tag is "administrator" or "monitoring");

    public bool MayManage => Tags.Any(tag => tag is "administrator" or "monitoring" or "policymaker" or "management");

    public bool HasPassword(string? presented) => _password.Matches(presented);

    public bool MayEnter(string vhost) => _permissions.ContainsKey(vhost);

    public bool May(Right right, string vhost, string name) => _permissions.TryGetValue(vhost, out Regex[]? patterns) && patterns[(int)right].IsMatch(name);

    /// <summary>True when the topic exchange has rules for this user.</summary>
    public bool HasTopicRules(string vhost, string exchange) => _topics.ContainsKey((vhost, exchange));

    public bool MayUseTopic(Right right, string vhost, string exchange, ReadOnlySpan<char> routingKey) =>
        !_topics.TryGetValue((vhost, exchange), out (Regex Write, Regex Read) rules)
        || (right == Right.Write ? rules.Write : rules.Read).IsMatch(routingKey);

    /// <summary>RabbitMQ reads the empty pattern as "nothing", not as "everything".</summary>
    private static Regex Compile(string pattern) => new(pattern.Length == 0 ? "^$" : pattern, RegexOptions.CultureInvariant, MatchTimeout);
}
