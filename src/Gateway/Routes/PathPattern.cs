using System.Text;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Quintet.Gateway.Routes;

/// <summary>
/// Reads and judges the path patterns that services bring. One pattern that routing cannot use would fail every request, so nothing
/// unjudged gets there.
/// </summary>
internal sealed class PathPattern(ParameterPolicyFactory policies)
{
    private const int LengthMax = 512; // Consul's limit of a metadata value

    /// <summary>Reads a pattern; says what is wrong when it cannot be used.</summary>
    public bool TryRead(string path, out RoutePattern pattern, out string fault)
    {
        pattern = RoutePatternFactory.Pattern();
        fault = "";
        if (!path.StartsWith('/')) fault = "does not begin with '/'";
        else if (path.Length > LengthMax) fault = $"is longer than {LengthMax} characters";
        else if (path.Any(char.IsControl)) fault = "holds a control character";
        if (fault.Length > 0) return false;

        try
        {
            pattern = RoutePatternFactory.Parse(path);
            fault = FaultOf(pattern);
        }
        catch (RoutePatternException unreadable)
        {
            fault = $"cannot be read: {unreadable.Message}";
        }

        return fault.Length == 0;
    }

    /// <summary>
    /// The pattern without what does not decide which requests it matches: names of parameters and case. Two services with the same
    /// key conflict.
    /// </summary>
    public static string KeyOf(RoutePattern pattern)
    {
        StringBuilder key = new();
        foreach (RoutePatternPathSegment segment in pattern.PathSegments)
        {
            key.Append('/');
            foreach (RoutePatternPart part in segment.Parts) Append(key, part);
        }

        return key.ToString();
    }

    private static void Append(StringBuilder key, RoutePatternPart part)
    {
        switch (part)
        {
            case RoutePatternLiteralPart literal: key.Append(literal.Content.ToUpperInvariant()); break;
            case RoutePatternSeparatorPart separator: key.Append(separator.Content); break;
            case RoutePatternParameterPart parameter:
                key.Append(parameter.IsCatchAll ? "{*" : parameter.IsOptional ? "{?" : "{");
                foreach (RoutePatternParameterPolicyReference policy in parameter.ParameterPolicies) key.Append(':').Append(policy.Content);
                key.Append('}');
                break;
        }
    }

    private string FaultOf(RoutePattern pattern)
    {
        if (KeyOf(pattern) is "/HEALTH/LIVE" or "/HEALTH/READY") return "is the gateway's own";
        foreach (RoutePatternParameterPart parameter in pattern.Parameters)
        {
            foreach (RoutePatternParameterPolicyReference policy in parameter.ParameterPolicies)
            {
                if (policy.Content?.StartsWith("regex", StringComparison.OrdinalIgnoreCase) is true)
                    return "uses a regular expression, which can be made to run for ever";
                try
                {
                    policies.Create(parameter, policy);
                }
                catch (Exception unknown) when (unknown is InvalidOperationException or RouteCreationException or ArgumentException
                    or FormatException or OverflowException)
                {
                    return $"has an unusable constraint ':{policy.Content}'";
                }
            }
        }

        return "";
    }
}
