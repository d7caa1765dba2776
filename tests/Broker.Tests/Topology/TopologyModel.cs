using System.Text.RegularExpressions;

namespace Quintet.Broker.Tests.Topology;

/// <summary>An exchange of the model.</summary>
internal sealed record ModelExchange(string Type, string? Alternate);

/// <summary>A binding of the model; the arguments are those of a headers exchange.</summary>
internal sealed record ModelBinding(string Source, string Destination, bool ToQueue, (string Key, IReadOnlyDictionary<string, object> Arguments) Rule);

/// <summary>
/// What AMQP 0-9-1 and RabbitMQ's extensions say about routing, written down once more and as plainly as possible: sets, recursion, and regular
/// expressions for patterns.
/// </summary>
internal sealed class TopologyModel
{
    public SortedDictionary<string, ModelExchange> Exchanges { get; } = new(StringComparer.Ordinal);

    /// <summary>What each queue holds, in order.</summary>
    public SortedDictionary<string, List<string>> Queues { get; } = new(StringComparer.Ordinal);

    public List<ModelBinding> Bindings { get; } = [];

    /// <summary>Messages that reached a queue.</summary>
    public int Routed { get; private set; }

    public void Publish(string exchange, IReadOnlyList<string> keys, IReadOnlyDictionary<string, object> headers, string body)
    {
        HashSet<string> queues = new(StringComparer.Ordinal);
        Visit(exchange);
        foreach (string queue in queues) Queues[queue].Add(body);
        if (queues.Count > 0) Routed++;

        void Visit(string name)
        {
            if (name.Length == 0)
            {
                queues.UnionWith(keys.Where(Queues.ContainsKey));
                return;
            }

            HashSet<string> visited = new(StringComparer.Ordinal);
            Queue<string> next = new([name]);
            while (next.TryDequeue(out string? at))
            {
                if (!visited.Add(at)) continue;
                ModelBinding[] matching = [.. Bindings.Where(binding => binding.Source == at && keys.Any(key => Matches(binding, key, headers)))];
                queues.UnionWith(matching.Where(binding => binding.ToQueue).Select(binding => binding.Destination));
                foreach (ModelBinding binding in matching.Where(binding => !binding.ToQueue)) next.Enqueue(binding.Destination);
                if (matching.Length == 0 && Exchanges[at].Alternate is { } alternate && Exchanges.ContainsKey(alternate)) next.Enqueue(alternate);
            }
        }
    }

    public override string ToString() =>
        $"{string.Join('\n', Exchanges)}\n{string.Join('\n', Bindings.Select(binding => $"{binding.Source} -> {binding.Destination} by '{binding.Rule.Key}' "
            + string.Join(',', binding.Rule.Arguments)))}";

    private bool Matches(ModelBinding binding, string key, IReadOnlyDictionary<string, object> headers) => Exchanges[binding.Source].Type switch
    {
        "fanout" => true,
        "direct" => binding.Rule.Key == key,
        "topic" => Pattern(binding.Rule.Key).IsMatch("." + key),
        _ => MatchesHeaders(binding.Rule.Arguments, headers),
    };

    // Every word with the dot before it: '*' is one such, '#' any number.
    private static Regex Pattern(string pattern)
    {
        string[] words = [.. pattern.Split('.').Select(word => word switch
        {
            "*" => "\\.[^.]*",
            "#" => "(\\.[^.]*)*",
            _ => "\\." + Regex.Escape(word),
        })];
        return new Regex($"^{string.Concat(words)}$");
    }

    private static bool MatchesHeaders(IReadOnlyDictionary<string, object> arguments, IReadOnlyDictionary<string, object> headers)
    {
        string match = arguments.TryGetValue("x-match", out object? named) ? (string)named : "all";
        KeyValuePair<string, object>[] wanted = [.. arguments.Where(argument =>
            argument.Key != "x-match" && (match.EndsWith("-with-x", StringComparison.Ordinal) || !argument.Key.StartsWith("x-", StringComparison.Ordinal)))];
        return match.StartsWith("any", StringComparison.Ordinal)
            ? wanted.Any(argument => headers.TryGetValue(argument.Key, out object? value) && value.Equals(argument.Value))
            : wanted.All(argument => headers.TryGetValue(argument.Key, out object? value) && value.Equals(argument.Value));
    }
}
