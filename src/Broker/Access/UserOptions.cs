using System.ComponentModel.DataAnnotations;
using Quintet.Hosting.Settings;

namespace Quintet.Broker.Access;

/// <summary>An entry of <c>Broker:Users</c>.</summary>
internal sealed class UserOptions
{
    /// <summary>The name to log in with.</summary>
    [Required]
    public string Name { get; set; } = "";

    /// <summary>The password.</summary>
    [Required]
    public Secret? Password { get; set; }

    /// <summary>RabbitMQ's user tags. <c>administrator</c>, <c>monitoring</c> and <c>management</c> open the management API.</summary>
    public List<string> Tags { get; set; } = [];

    /// <summary>What the user may do in a virtual host; without an entry for it, not even connect.</summary>
    public List<PermissionOptions> Permissions { get; set; } = [];

    /// <summary>What routing keys the user may use on a topic exchange; without an entry for the exchange, all.</summary>
    public List<TopicPermissionOptions> TopicPermissions { get; set; } = [];
}

/// <summary>An entry of <c>Permissions</c>: regular expressions over the names of exchanges and queues; empty means nothing.</summary>
internal sealed class PermissionOptions
{
    /// <summary>The virtual host. Default <c>/</c>.</summary>
    [Required]
    public string Vhost { get; set; } = "/";

    /// <summary>What may be declared and deleted.</summary>
    public string Configure { get; set; } = "";

    /// <summary>What may be published to, and bound as a destination.</summary>
    public string Write { get; set; } = "";

    /// <summary>What may be consumed, purged, and bound as a source.</summary>
    public string Read { get; set; } = "";
}

/// <summary>An entry of <c>TopicPermissions</c>: regular expressions over routing keys.</summary>
internal sealed class TopicPermissionOptions
{
    /// <summary>The virtual host. Default <c>/</c>.</summary>
    [Required]
    public string Vhost { get; set; } = "/";

    /// <summary>The topic exchange.</summary>
    [Required]
    public string Exchange { get; set; } = "";

    /// <summary>The keys that may be published with.</summary>
    public string Write { get; set; } = "";

    /// <summary>The keys that may be bound with.</summary>
    public string Read { get; set; } = "";
}
