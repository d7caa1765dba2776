using Quintet.Broker.Amqp;
using Quintet.Broker.Topology.Declarations;

namespace Quintet.Broker.Topology;

/// <summary>
/// Routes by headers: with x-match <c>all</c> (the default) every argument of the binding must be there and equal, with <c>any</c> one of them.
/// Arguments that begin with x- count only with <c>all-with-x</c> and <c>any-with-x</c>; an argument without a value asks for presence.
/// </summary>
internal sealed class HeadersExchange(ExchangeSettings settings) : Exchange(settings)
{
    private readonly Dictionary<BindingKey, Rule> _byBinding = [];
    private volatile Rule[] _rules = [];

    public override bool Route(in RoutedMessage message, RouteResult result)
    {
        Rule[] rules = _rules;
        if (rules.Length == 0 || !FieldTableReader.TryRead(message.Headers, out FieldTable? headers)) return false;
        bool matched = false;
        foreach (Rule rule in rules)
        {
            if (!rule.Matches(headers)) continue;
            matched = true;
            result.Add(rule.Destination);
        }

        return matched;
    }

    public static void Check(BindingTerms binding)
    {
        if (!binding.Arguments.TryGet("x-match", out FieldValue match)) return;
        if (match.Text is null)
            throw new AmqpException(ReplyCode.PreconditionFailed, $"Invalid x-match field type {match.KindName} (value {match.Shown}); expected longstr");
        if (match.Text is not ("all" or "any" or "all-with-x" or "any-with-x"))
            throw new AmqpException(
                ReplyCode.PreconditionFailed,
                $"Invalid x-match field value {ErlangTerm.Binary(match.Octets)}; expected all, any, all-with-x, or any-with-x");
    }

    protected override void Changed(Binding binding, bool isNew)
    {
        if (isNew) _byBinding.Add(binding.Key, new Rule(binding));
        else _byBinding.Remove(binding.Key);
        _rules = [.. _byBinding.Values];
    }

    private sealed class Rule
    {
        private readonly bool _any;
        private readonly KeyValuePair<string, FieldValue>[] _wanted;

        public Rule(Binding binding)
        {
            string match = binding.Arguments.Text("x-match") ?? "all";
            _any = match.StartsWith("any", StringComparison.Ordinal);
            bool withX = match.EndsWith("-with-x", StringComparison.Ordinal);
            _wanted = [.. binding.Arguments.Where(field => field.Key != "x-match" && (withX || !field.Key.StartsWith("x-", StringComparison.Ordinal)))];
            Destination = binding.Destination;
        }

        public Destination Destination { get; }

        public bool Matches(FieldTable headers)
        {
            foreach ((string name, FieldValue wanted) in _wanted)
            {
                bool equal = headers.TryGet(name, out FieldValue value) && (wanted.Kind == FieldKind.Void || wanted.IsEquivalentTo(value));
                if (equal == _any) return _any;
            }

            return !_any;
        }
    }
}
