using System.ComponentModel.DataAnnotations;
using Quintet.Hosting.Settings;

namespace Quintet.Console.Access;

/// <summary>Who may look, and who may change something.</summary>
internal sealed class AccessOptions
{
    /// <summary>The key that login links are signed with; <c>quintet up</c> makes it, and whoever has it can make a link. Default none: then there are
    /// no links.</summary>
    public Secret? LinkKey { get; set; }

    /// <summary>How long a login link is good after it was made. Default one hour: a terminal with a link in it may stay open over lunch. From one
    /// minute to a day.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan LinkLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long a session lasts after its login. Default twelve hours, a working day. From one minute to thirty days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>What somebody without a login may do: <c>None</c> (default), <c>Viewer</c> or <c>Operator</c>. Anything but <c>None</c> is refused
    /// unless the console listens on loopback alone.</summary>
    public AnonymousRole Anonymous { get; set; } = AnonymousRole.None;

    /// <summary>Names under which the console may be called besides <c>localhost</c>, <c>127.0.0.1</c> and <c>::1</c>, such as
    /// <c>console.example.org</c>. Default none. A console that listens on other addresses than loopback needs at least one; <c>*</c> allows all.</summary>
    public List<string> Hosts { get; set; } = [];

    /// <summary>Failed logins from one address within <see cref="FailureWindow"/> after which it has to wait. Default ten: nobody pastes a link wrong
    /// more often. From 1 to 1000.</summary>
    [Range(1, 1000)]
    public int FailuresMax { get; set; } = 10;

    /// <summary>The time in which failed logins are counted. Default one minute. From one second to an hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan FailureWindow { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Who may call <c>/api/v1</c>, each with a bearer token. Default nobody.</summary>
    public List<ApiToken> Tokens { get; set; } = [];
}

/// <summary>What is allowed without a login.</summary>
internal enum AnonymousRole
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>To look.</summary>
    Viewer,

    /// <summary>Everything.</summary>
    Operator,
}

/// <summary>A client of the API.</summary>
internal sealed class ApiToken
{
    /// <summary>Who it is, for the audit log. Required.</summary>
    [Required]
    public string Name { get; set; } = "";

    /// <summary>What it presents as <c>Authorization: Bearer</c>. Required.</summary>
    [Required]
    public Secret? Secret { get; set; }

    /// <summary>What it may do: <c>Viewer</c> (default) or <c>Operator</c>.</summary>
    public ConsoleRole Role { get; set; }
}
