using System.ComponentModel.DataAnnotations;
using Quintet.Hosting.Settings;

namespace Quintet.Console.Parts;

/// <summary>The parts that the console shows. One that is not set is not shown; <c>quintet up</c> sets all.</summary>
internal sealed class PartsOptions
{
    /// <summary>The system's name, for the head of each page. Default <c>quintet</c>.</summary>
    public string System { get; set; } = "quintet";

    /// <summary>The control address of the supervisor. Default none.</summary>
    public Uri? Supervisor { get; set; }

    /// <summary>The supervisor's token. Default none.</summary>
    public Secret? SupervisorToken { get; set; }

    /// <summary>The registry: <c>http://127.0.0.1:8500</c>. Default none.</summary>
    public Uri? Registry { get; set; }

    /// <summary>A token that may read the registry, and write its keys if operators are to edit them. Default none.</summary>
    public Secret? RegistryToken { get; set; }

    /// <summary>The broker's management API, without credentials: <c>http://127.0.0.1:15672</c>. Default none.</summary>
    public Uri? Management { get; set; }

    /// <summary>The broker with the user and password that the console has at both ports: <c>amqp://console:…@127.0.0.1:5672/%2F</c>. Default none.</summary>
    public Secret? Broker { get; set; }

    /// <summary>The configuration server: <c>http://127.0.0.1:8888</c>. Default none.</summary>
    public Uri? Configuration { get; set; }

    /// <summary>A token that may read and write all applications there. Default none.</summary>
    public Secret? ConfigurationToken { get; set; }

    /// <summary>The gateway, for links. Default none.</summary>
    public Uri? Gateway { get; set; }

    /// <summary>From which each service's QUINTET_OPERATIONS_TOKEN is made; with it what events said can be looked at. Default none.</summary>
    public Secret? OperationsKey { get; set; }

    /// <summary>How often the parts are asked while somebody looks. Default two seconds: the eye takes it for live, and it is a hundredth of what the
    /// parts are probed anyway. From a tenth of a second to a minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan Refresh { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often they are asked while nobody looks, for the curves. Default fifteen seconds. From a tenth of a second to ten minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan IdleRefresh { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one part may take to answer. Default three seconds; then its last answer is shown with its age. From a tenth of a second to a
    /// minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(3);
}
