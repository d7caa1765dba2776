using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Checks;

/// <summary>Reads the definition of a check from a request and refuses what is not one, with Consul's texts.</summary>
internal static class CheckDefinition
{
    private static readonly TimeSpan DurationMax = TimeSpan.FromDays(7); // timers end at 49 days

    private static readonly string[] KnownMembers =
    [
        "ID", "CheckID", "Name", "Notes", "Status", "ServiceID", "TTL", "HTTP", "TCP", "GRPC",
        "GRPCUseTLS", "H2PING", "UDP", "OSService", "Args", "ScriptArgs", "Script",
        "DockerContainerID", "Shell", "AliasNode", "AliasService", "Interval", "Timeout", "Method", "Body", "Header", "TLSSkipVerify",
        "DeregisterCriticalServiceAfter", "OutputMaxSize", "SuccessBeforePassing", "FailuresBeforeWarning", "FailuresBeforeCritical", "DisableRedirects",
    ];

    /// <summary>Whether the object says nothing; Consul then makes no check. A TTL of zero says nothing either.</summary>
    public static bool IsEmpty(JsonElement element)
    {
        JsonFields fields = new(element);
        return !KnownMembers.Any(name => fields.Find(name) is { } value && !IsZero(fields, name, value));
    }

    /// <summary>The check as a row without node and indexes; id, name and service are as given, maybe empty.</summary>
    public static CheckRow Parse(JsonElement element, RegistryCheckOptions options)
    {
        JsonFields fields = new(element);
        string status = fields.Text("Status");
        CheckPlan plan = PlanOf(fields, options);
        RefuseUnsupported(fields);
        if (status.Length > 0 && !CheckStatus.IsKnown(status))
            throw RefusalException.BadRequest("Status for checks must 'passing', 'warning', 'critical'");
        string id = fields.Text("CheckID") is { Length: > 0 } checkId ? checkId : fields.Text("ID");
        return new CheckRow
        {
            Node = "",
            Id = id,
            Name = fields.Text("Name"),
            Status = status.Length > 0 ? status : CheckStatus.Critical,
            Notes = fields.Text("Notes"),
            ServiceId = fields.Text("ServiceID"),
            Type = plan.Ttl > TimeSpan.Zero ? "ttl" : plan.Http.Length > 0 ? "http" : "tcp",
            Plan = Checked(plan, options),
        };
    }

    private static CheckPlan PlanOf(JsonFields fields, RegistryCheckOptions options) => new()
    {
        Ttl = fields.Duration("TTL"),
        Http = fields.Text("HTTP"),
        Tcp = fields.Text("TCP"),
        Interval = fields.Duration("Interval"),
        Timeout = fields.Duration("Timeout"),
        Method = fields.Text("Method"),
        Body = fields.Text("Body"),
        Header = HeaderOf(fields),
        TlsSkipVerify = fields.Flag("TLSSkipVerify"),
        DisableRedirects = fields.Flag("DisableRedirects"),
        OutputBytesMax = fields.Number("OutputMaxSize") is > 0 and var max ? Math.Min(max, options.OutputBytesMax) : options.OutputBytesMax,
        SuccessBeforePassing = fields.Number("SuccessBeforePassing"),
        FailuresBeforeWarning = fields.Number("FailuresBeforeWarning"),
        FailuresBeforeCritical = fields.Number("FailuresBeforeCritical"),
        DeregisterAfter = fields.Duration("DeregisterCriticalServiceAfter"),
    };

    private static void RefuseUnsupported(JsonFields fields)
    {
        if (fields.Has("Args") || fields.Has("ScriptArgs") || fields.Has("Script") || fields.Text("DockerContainerID").Length > 0)
            throw new RefusalException(500, "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true");
        foreach (string kind in (string[])["GRPC", "H2PING", "UDP", "OSService", "AliasNode", "AliasService"])
            if (fields.Text(kind).Length > 0)
                throw RefusalException.BadRequest($"Invalid check: {kind} checks are not supported by this registry; TTL, HTTP and TCP are");
    }

    private static CheckPlan Checked(CheckPlan plan, RegistryCheckOptions options)
    {
        int kinds = (plan.Ttl > TimeSpan.Zero ? 1 : 0) + (plan.Http.Length > 0 ? 1 : 0) + (plan.Tcp.Length > 0 ? 1 : 0);
        if (kinds > 1) throw RefusalException.BadRequest("Invalid check: only one of TTL, HTTP and TCP may be given");
        if (kinds == 0)
            throw RefusalException.BadRequest(plan.Interval > TimeSpan.Zero
                ? "Invalid check: Interval is only of use with HTTP or TCP"
                : "Invalid check: TTL must be > 0 for TTL checks");
        foreach ((string name, TimeSpan value) in ((string, TimeSpan)[])[("TTL", plan.Ttl), ("Interval", plan.Interval), ("Timeout", plan.Timeout)])
            if (value > DurationMax) throw RefusalException.BadRequest($"Invalid check: {name} must be at most {DurationMax.TotalHours}h");
        if (plan.DeregisterAfter > TimeSpan.Zero && plan.DeregisterAfter < options.DeregisterAfterMin)
            plan = plan with { DeregisterAfter = options.DeregisterAfterMin };
        if (plan.Ttl > TimeSpan.Zero) return plan with { Ttl = plan.Ttl < options.IntervalMin ? options.IntervalMin : plan.Ttl };

        if (plan.Interval <= TimeSpan.Zero)
            throw RefusalException.BadRequest("Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks");
        if (plan.Http.Length > 0 && !(Uri.TryCreate(plan.Http, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"))
            throw RefusalException.BadRequest($"Invalid check: HTTP must be an absolute http or https URL: \"{plan.Http}\"");
        if (plan.Tcp.Length > 0 && !TryParseHostAndPort(plan.Tcp, out _))
            throw RefusalException.BadRequest($"Invalid check: TCP must be host:port: \"{plan.Tcp}\"");
        if (plan.Method.Length > 0 && !plan.Method.All(char.IsAsciiLetter))
            throw RefusalException.BadRequest($"Invalid check: Method \"{plan.Method}\"");
        return plan with
        {
            Interval = plan.Interval < options.IntervalMin ? options.IntervalMin : plan.Interval,
            Timeout = plan.Timeout <= TimeSpan.Zero ? options.DefaultTimeout : plan.Timeout,
        };
    }

    /// <summary>Reads <c>host:port</c>, <c>[::1]:port</c> included.</summary>
    public static bool TryParseHostAndPort(string text, out DnsEndPoint? endpoint)
    {
        endpoint = null;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), out ushort port) || port == 0) return false;
        string host = text[..colon].Trim('[', ']');
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown) return false;
        endpoint = new DnsEndPoint(host, port);
        return true;
    }

    private static ImmutableSortedDictionary<string, ImmutableArray<string>>? HeaderOf(JsonFields fields)
    {
        if (fields.Find("Header") is not { } header) return null;
        if (header.ValueKind != JsonValueKind.Object)
            throw RefusalException.BadRequest("Request decode failed: json: cannot unmarshal value into Go struct field .Header of type map[string][]string");
        return header.EnumerateObject().DistinctBy(member => member.Name, StringComparer.OrdinalIgnoreCase)
            .ToImmutableSortedDictionary(member => member.Name, member => JsonFields.ListOf(member.Value, "Header"), StringComparer.OrdinalIgnoreCase);
    }

    private static bool IsZero(JsonFields fields, string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.ValueEquals("") || (name == "TTL" && fields.Duration(name) == TimeSpan.Zero),
        JsonValueKind.Number => value.TryGetDouble(out double number) && number == 0,
        JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };
}
