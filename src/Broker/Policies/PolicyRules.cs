using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Policies;

/// <summary>Reads a policy as RabbitMQ's management API and its definitions write it, and refuses it in RabbitMQ's words.</summary>
internal static class PolicyRules
{
    /// <param name="key">Its name.</param>
    /// <param name="body">An object with <c>pattern</c> and <c>definition</c>, and perhaps <c>priority</c> and <c>apply-to</c>.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="fault">What is wrong with it; one fault to a line.</param>
    public static bool TryRead(PolicyKey key, JsonElement body, [NotNullWhen(true)] out Policy? policy, [NotNullWhen(false)] out string? fault)
    {
        List<string> faults = [];
        JsonElement definition = Member(body, "definition"), pattern = Member(body, "pattern"), priority = Member(body, "priority");
        if (CheckDefinition(definition, key.IsOperator) is { } ofDefinition) faults.Add(ofDefinition);
        if (CheckAppliesTo(Member(body, "apply-to")) is { } ofTarget) faults.Add(ofTarget);
        if (CheckPattern(pattern) is { } ofPattern) faults.Add(ofPattern);
        if (priority.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Number))
            faults.Add($"priority should be a number, actually was {ErlangJson.Show(priority)}");

        fault = faults.Count == 0 ? null : $"Validation failed\n\n{string.Join('\n', faults)}\n";
        policy = fault is not null ? null : new Policy(key, pattern.GetString()!, TableOf(definition))
        {
            AppliesTo = Member(body, "apply-to") is { ValueKind: JsonValueKind.String } target ? target.GetString()! : "all",
            Priority = priority.ValueKind == JsonValueKind.Number ? priority.GetDouble() : 0,
        };
        return policy is not null;
    }

    private static JsonElement Member(JsonElement body, string name) => body.TryGetProperty(name, out JsonElement value) ? value : default;

    private static string? CheckDefinition(JsonElement definition, bool isOperator)
    {
        if (definition.ValueKind != JsonValueKind.Object) return $"definition must be a dictionary: {ErlangJson.Show(definition)}";
        JsonProperty[] members = [.. definition.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal)];
        if (members.Length == 0) return "no policy provided";
        string[] twice = [.. members.GroupBy(member => member.Name).Where(group => group.Count() > 1).Select(group => group.Key)];
        if (twice.Length > 0) return $"[{string.Join(',', twice.Select(name => $"<<\"{name}\">>"))}] duplicate keys not allowed";

        List<JsonProperty> unknown = [];
        foreach (JsonProperty member in members)
        {
            if (!PolicyKeys.All.TryGetValue(member.Name, out PolicySetting? setting) || (isOperator && !setting.IsForOperators)) unknown.Add(member);
            else if (!setting.IsGood(member.Value)) return $"{ErlangJson.Show(member.Value)} {setting.Fault}";
        }

        return unknown.Count == 0 ? null : $"[{string.Join(',', unknown.Select(ErlangJson.Pair))}] are not recognised policy settings";
    }

    private static string? CheckAppliesTo(JsonElement target)
    {
        if (target.ValueKind == JsonValueKind.Undefined) return null;
        string shown = target.ValueKind == JsonValueKind.String ? target.GetString()! : ErlangJson.Show(target);
        // The two blanks are RabbitMQ's.
        return shown is "all" or "queues" or "classic_queues" or "quorum_queues" or "streams" or "exchanges" ? null
            : $"apply-to '{shown}' unrecognised; should be one of: 'queues', 'classic_queues',  'quorum_queues', 'streams', 'exchanges', or 'all'";
    }

    private static string? CheckPattern(JsonElement pattern)
    {
        if (pattern.ValueKind != JsonValueKind.String) return $"pattern should be a binary but was {ErlangJson.Show(pattern)}";
        try
        {
            Policy.Compile(pattern.GetString()!);
            return null;
        }
        catch (RegexParseException fault)
        {
            return $"pattern should be regular expression but is invalid: {{\"{Words(fault)}\",{Offset(fault).ToString(CultureInfo.InvariantCulture)}}}";
        }
    }

    // .NET points behind a quantifier that has nothing to repeat, Erlang at it.
    private static int Offset(RegexParseException fault) => fault.Error == RegexParseError.QuantifierAfterNothing ? fault.Offset - 1 : fault.Offset;

    private static string Words(RegexParseException fault) => fault.Error switch
    {
        RegexParseError.InsufficientClosingParentheses => "missing )",
        RegexParseError.InsufficientOpeningParentheses => "unmatched parentheses",
        RegexParseError.UnterminatedBracket => "missing terminating ] for character class",
        RegexParseError.QuantifierAfterNothing => "nothing to repeat",
        _ => fault.Error.ToString(),
    };

    private static FieldTable TableOf(JsonElement definition) => new(definition.EnumerateObject()
        .OrderBy(member => member.Name, StringComparer.Ordinal)
        .Select(member => KeyValuePair.Create(
            member.Name, member.Value.ValueKind == JsonValueKind.String ? FieldValue.Of(member.Value.GetString()!) : FieldValue.Of(member.Value.GetInt64()))));
}
