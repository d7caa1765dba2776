namespace Quintet.Broker.Access;

/// <summary>Who said that there is such a user.</summary>
internal enum UserOrigin
{
    /// <summary>An operator, through the management API or an import.</summary>
    Stored,

    /// <summary>Nobody: <c>guest</c>, as long as nobody changed it. Counts only while the settings name no user.</summary>
    Default,

    /// <summary><c>Broker:Users</c>.</summary>
    Settings,
}

/// <summary>Regular expressions over names of exchanges and queues in one virtual host.</summary>
internal sealed record Permission(string Vhost, string Configure, string Write, string Read);

/// <summary>Regular expressions over routing keys of one topic exchange.</summary>
internal sealed record TopicPermission(string Vhost, string Exchange, string Write, string Read);

/// <summary>RabbitMQ's user limits; null for none.</summary>
internal sealed record UserLimits(long? Connections, long? Channels)
{
    public static readonly UserLimits None = new(null, null);
}

/// <summary>A user as it is described. Immutable; a change is a new one.</summary>
internal sealed record UserSettings
{
    /// <summary>Longest name in octets: RabbitMQ's connection names and our log keys stay of a bearable length.</summary>
    public const int NameBytesMax = 255;

    public required string Name { get; init; }

    /// <summary>Null for a user who cannot log in with a password.</summary>
    public PasswordHash? Password { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    public IReadOnlyList<Permission> Permissions { get; init; } = [];

    public IReadOnlyList<TopicPermission> TopicPermissions { get; init; } = [];

    public UserLimits Limits { get; init; } = UserLimits.None;

    public UserOrigin Origin { get; init; }

    public static UserSettings Of(UserOptions options) => new()
    {
        Name = options.Name,
        Password = PasswordHash.Of(options.Password!.Reveal()),
        Tags = [.. options.Tags],
        Permissions = [.. options.Permissions.Select(of => new Permission(of.Vhost, of.Configure, of.Write, of.Read))],
        TopicPermissions = [.. options.TopicPermissions.Select(of => new TopicPermission(of.Vhost, of.Exchange, of.Write, of.Read))],
        Origin = UserOrigin.Settings,
    };

    /// <summary>RabbitMQ's default user.</summary>
    public static UserSettings Guest() => new()
    {
        Name = BrokerUser.GuestName,
        Password = PasswordHash.Of(BrokerUser.GuestName),
        Tags = ["administrator"],
        Permissions = [new Permission("/", ".*", ".*", ".*")],
        Origin = UserOrigin.Default,
    };

    public UserSettings With(Permission permission) =>
        this with { Permissions = [.. Permissions.Where(other => other.Vhost != permission.Vhost), permission] };

    public UserSettings With(TopicPermission permission) => this with
    {
        TopicPermissions = [.. TopicPermissions.Where(other => (other.Vhost, other.Exchange) != (permission.Vhost, permission.Exchange)), permission],
    };

    public bool Knows(string vhost) => Permissions.Any(of => of.Vhost == vhost) || TopicPermissions.Any(of => of.Vhost == vhost);

    /// <summary>Without any rights in a virtual host.</summary>
    public UserSettings Without(string vhost) => this with
    {
        Permissions = [.. Permissions.Where(permission => permission.Vhost != vhost)],
        TopicPermissions = [.. TopicPermissions.Where(permission => permission.Vhost != vhost)],
    };
}
