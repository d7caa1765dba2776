using System.Text.RegularExpressions;

namespace Quintet.Manifest;

/// <summary>The form of a route: <c>/users/{id}/orders/{**rest}</c>.</summary>
internal static partial class RouteTemplate
{
    /// <summary>What is wrong with a route, or null.</summary>
    public static string? FaultOf(string route)
    {
        if (route.Length > ManifestKeys.RouteLengthMax) return $"a route has at most {ManifestKeys.RouteLengthMax} characters";
        if (!route.StartsWith('/')) return "a route begins with '/'";
        if (route.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))) return "a route holds no blanks";
        if (route.Contains('?', StringComparison.Ordinal) || route.Contains('#', StringComparison.Ordinal))
            return "a route is a path, without query or fragment";
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        string[] segments = route[1..].Split('/');
        for (int i = 0; i < segments.Length; i++)
        {
            string segment = segments[i];
            if (segment.Length == 0 && i < segments.Length - 1) return "a route has no empty segment";
            if (!segment.Contains('{', StringComparison.Ordinal) && !segment.Contains('}', StringComparison.Ordinal)) continue;
            Match parameter = Parameter.Match(segment);
            if (!parameter.Success) return $"'{segment}' is neither text nor one parameter such as {{id}} or {{**rest}}";
            if (parameter.Groups["all"].Length > 0 && i < segments.Length - 1) return $"'{segment}' takes everything that follows, so it must be last";
            if (!names.Add(parameter.Groups["name"].Value)) return $"the parameter '{parameter.Groups["name"].Value}' stands there twice";
        }

        return null;
    }

    /// <summary>Equal for two routes that match the same requests: names of parameters and case do not matter.</summary>
    public static string ShapeOf(string route) =>
        Parameter.Replace(route.TrimEnd('/').ToLowerInvariant(), m => m.Groups["all"].Length > 0 ? "{**}" : "{}");

    [GeneratedRegex(@"(?<=^|/)\{(?<all>\*\*?)?(?<name>[A-Za-z_][A-Za-z0-9_-]*)\}(?=$|/)")]
    private static partial Regex Parameter { get; }
}
