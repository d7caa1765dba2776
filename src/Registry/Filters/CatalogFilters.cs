using System.Collections.Immutable;
using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Filters;

/// <summary>A service, the node it is on and all checks of both, which some filters ask about together.</summary>
internal readonly record struct FilteredInstance(NodeEntry Node, InstanceEntry Instance)
{
    public ServiceRow Service => Instance.Row;

    public IEnumerable<FilteredCheck> FilteredChecks
    {
        get
        {
            foreach (CheckRow check in Node.Checks.Values) yield return new FilteredCheck(check, null);
            foreach (CheckRow check in Instance.Checks.Values) yield return new FilteredCheck(check, Instance.Row);
        }
    }
}

/// <summary>A check and the service it belongs to, if any.</summary>
internal readonly record struct FilteredCheck(CheckRow Check, ServiceRow? Service);

/// <summary>The selectors of each endpoint, and the <c>filter</c> parameter read by them.</summary>
internal static class CatalogFilters
{
    private static readonly ImmutableDictionary<string, FilterField<ServiceRow>> ServiceFields = new Dictionary<string, FilterField<ServiceRow>>
    {
        ["ID"] = FilterField<ServiceRow>.Text(row => row.Id),
        ["Service"] = FilterField<ServiceRow>.Text(row => row.Name),
        ["Tags"] = FilterField<ServiceRow>.List(row => row.Tags),
        ["Address"] = FilterField<ServiceRow>.Text(row => row.Address),
        ["Meta"] = FilterField<ServiceRow>.Map(row => row.Meta),
        ["Port"] = FilterField<ServiceRow>.Number(row => row.Port),
        ["Weights.Passing"] = FilterField<ServiceRow>.Number(row => row.WeightPassing),
        ["Weights.Warning"] = FilterField<ServiceRow>.Number(row => row.WeightWarning),
        ["EnableTagOverride"] = FilterField<ServiceRow>.Flag(row => row.EnableTagOverride),
        ["Kind"] = FilterField<ServiceRow>.Text(row => row.Kind),
    }.ToImmutableDictionary();

    private static readonly ImmutableDictionary<string, FilterField<NodeRow>> NodeFields = new Dictionary<string, FilterField<NodeRow>>
    {
        ["ID"] = FilterField<NodeRow>.Text(row => row.Id),
        ["Node"] = FilterField<NodeRow>.Text(row => row.Name),
        ["Address"] = FilterField<NodeRow>.Text(row => row.Address),
        ["TaggedAddresses"] = FilterField<NodeRow>.Map(row => row.TaggedAddresses),
        ["Meta"] = FilterField<NodeRow>.Map(row => row.Meta),
    }.ToImmutableDictionary();

    private static readonly ImmutableDictionary<string, FilterField<FilteredCheck>> CheckFields = new Dictionary<string, FilterField<FilteredCheck>>
    {
        ["Node"] = FilterField<FilteredCheck>.Text(row => row.Check.Node),
        ["CheckID"] = FilterField<FilteredCheck>.Text(row => row.Check.Id),
        ["Name"] = FilterField<FilteredCheck>.Text(row => row.Check.Name),
        ["Status"] = FilterField<FilteredCheck>.Text(row => row.Check.Status),
        ["Notes"] = FilterField<FilteredCheck>.Text(row => row.Check.Notes),
        ["Output"] = FilterField<FilteredCheck>.Text(row => row.Check.Output),
        ["ServiceID"] = FilterField<FilteredCheck>.Text(row => row.Check.ServiceId),
        ["ServiceName"] = FilterField<FilteredCheck>.Text(row => row.Service?.Name ?? ""),
        ["ServiceTags"] = FilterField<FilteredCheck>.List(row => row.Service?.Tags ?? []),
        ["Type"] = FilterField<FilteredCheck>.Text(row => row.Check.Type),
    }.ToImmutableDictionary();

    private static readonly ImmutableDictionary<string, FilterField<FilteredInstance>> HealthFields =
        ImmutableDictionary<string, FilterField<FilteredInstance>>.Empty
        .AddRange(ServiceFields.Select(pair => Below("Service", pair, (FilteredInstance row) => row.Service)))
        .AddRange(NodeFields.Select(pair => Below("Node", pair, (FilteredInstance row) => row.Node.Row)))
        .AddRange(CheckFields.Select(pair => KeyValuePair.Create(
            $"Checks.{pair.Key}",
            new FilterField<FilteredInstance>(pair.Value.Kind, row => row.FilteredChecks.SelectMany(pair.Value.ValuesOf)))));

    private static readonly ImmutableDictionary<string, FilterField<FilteredInstance>> RowFields =
        ImmutableDictionary<string, FilterField<FilteredInstance>>.Empty
        .AddRange(NodeFields.Where(pair => pair.Key != "Meta")
            .Select(pair => KeyValuePair.Create(pair.Key, On(pair.Value, (FilteredInstance row) => row.Node.Row))))
        .Add("NodeMeta", On(NodeFields["Meta"], (FilteredInstance row) => row.Node.Row))
        .Add("ServiceName", On(ServiceFields["Service"], (FilteredInstance row) => row.Service))
        .AddRange(ServiceFields.Where(pair => pair.Key != "Service")
            .Select(pair => KeyValuePair.Create($"Service{pair.Key}", On(pair.Value, (FilteredInstance row) => row.Service))));

    public static Predicate<ServiceRow> Services(Call call) => Read(call, ServiceFields);

    public static Predicate<NodeRow> Nodes(Call call) => Read(call, NodeFields);

    public static Predicate<FilteredCheck> Checks(Call call) => Read(call, CheckFields);

    /// <summary>For entries of <c>/v1/health/service</c>.</summary>
    public static Predicate<FilteredInstance> Instances(Call call) => Read(call, HealthFields);

    /// <summary>For rows of <c>/v1/catalog/service</c>.</summary>
    public static Predicate<FilteredInstance> Rows(Call call) => Read(call, RowFields);

    private static Predicate<TRow> Read<TRow>(Call call, IReadOnlyDictionary<string, FilterField<TRow>> fields)
    {
        if (call.Target.Value("filter") is not { Length: > 0 } filter) return static _ => true;
        try
        {
            return FilterParser<TRow>.Parse(filter, fields);
        }
        catch (FilterException fault)
        {
            throw new RefusalException(500, $"Failed to create boolean expression evaluator: {fault.Message}") { IsFromRead = true };
        }
    }

    private static KeyValuePair<string, FilterField<TRow>> Below<TRow, TPart>(
        string prefix, KeyValuePair<string, FilterField<TPart>> pair, Func<TRow, TPart> part) =>
        KeyValuePair.Create($"{prefix}.{pair.Key}", On(pair.Value, part));

    private static FilterField<TRow> On<TRow, TPart>(FilterField<TPart> field, Func<TRow, TPart> part) =>
        new(field.Kind, row => field.ValuesOf(part(row)));
}
