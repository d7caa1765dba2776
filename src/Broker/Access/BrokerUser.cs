using System.Text.RegularExpressions;

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
    /// <summary>RabbitMQ's <c>loopback_users</c>: the name everybody knows is good for this machine only, wherever it was described.</summary>
    public const string GuestName = "guest";

    private readonly Dictionary<string, Regex[]> _permissions = [];
    private readonly Dictionary<(string Vhost, string Exchange), (Regex Write, Regex Read)> _topics = [];

    public BrokerUser(UserSettings settings)
    {
        Settings = settings;
        foreach (Permission permission in settings.Permissions)
            _permissions[permission.Vhost] =
                [Patterns.Compile(permission.Configure), Patterns.Compile(permission.Write), Patterns.Compile(permission.Read)];
        foreach (TopicPermission topic in settings.TopicPermissions)
            _topics[(topic.Vhost, topic.Exchange)] = (Patterns.Compile(topic.Write), Patterns.Compile(topic.Read));
    }

    public UserSettings Settings { get; }

    public string Name => Settings.Name;

    public IReadOnlyList<string> Tags => Settings.Tags;

    /// <summary>So for the default guest and one that was imported; a guest of the settings file has a password of the operator's choice.</summary>
    public bool IsFromLoopbackOnly => Name == GuestName && Settings.Origin != UserOrigin.Settings;

    public bool IsAdministrator => Tags.Contains("administrator");

    /// <summary>Sees every virtual host and connection in the management API.</summary>
    public bool MayWatch => Tags.Any(tag => tag is "administrator" or "monitoring");

    public bool MayManage => Tags.Any(tag => tag is "administrator" or "monitoring" or "policymaker" or "management");

    /// <summary>May publish in others' names (the property user_id).</summary>
    public bool MayImpersonate => Tags.Contains("impersonator");

    public bool HasPassword(string? presented) => Settings.Password is { } password && password.Matches(presented);

    public bool MayEnter(string vhost) => _permissions.ContainsKey(vhost);

    public bool May(Right right, string vhost, string name) =>
        _permissions.TryGetValue(vhost, out Regex[]? patterns) && Patterns.Allows(patterns[(int)right], name);

    /// <summary>True when the topic exchange has rules for this user.</summary>
    public bool HasTopicRules(string vhost, string exchange) => _topics.ContainsKey((vhost, exchange));

    public bool MayUseTopic(Right right, string vhost, string exchange, ReadOnlySpan<char> routingKey) =>
        !_topics.TryGetValue((vhost, exchange), out (Regex Write, Regex Read) rules)
        || Patterns.Allows(right == Right.Write ? rules.Write : rules.Read, routingKey);
}
