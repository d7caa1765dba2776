using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Quintet.ConfigServer.Http;
using Quintet.ConfigServer.Sources;

namespace Quintet.ConfigServer.Environments;

/// <summary>How an environment is written.</summary>
internal enum EnvironmentForm
{
    /// <summary>The sources apart, strongest first.</summary>
    Sources,

    /// <summary>Merged, as nested YAML.</summary>
    Yaml,

    /// <summary>Merged, a line a property.</summary>
    Properties,

    /// <summary>Merged, as nested JSON.</summary>
    NestedJson,
}

/// <summary>Application, profiles, label and form, as a path names them.</summary>
internal sealed partial record EnvironmentRequest(EnvironmentName Name, string? Label, EnvironmentForm Form)
{
    private static readonly string[] ReservedNames = ["health", "metrics", "actuator", "_ext"];

    /// <summary>
    /// <c>/{app}/{profiles}[/{label}]</c> and <c>[/{label}]/{app}-{profiles}.{yml|yaml|properties|json}</c>. A second segment with such an ending
    /// is always the second shape.
    /// </summary>
    /// <exception cref="RequestRefused">The path is of neither shape, or a name in it is not allowed.</exception>
    public static EnvironmentRequest Of(string[] segments, int namesMax)
    {
        return segments switch
        {
            [var file] when FormOf(file) is { } form => OfFile(file, form, null, namesMax),
            [var label, var file] when FormOf(file) is { } form => OfFile(file, form, label, namesMax),
            [var application, var profiles] => new(NameOf(application, profiles, namesMax), null, EnvironmentForm.Sources),
            [var application, var profiles, var label] when FormOf(profiles) is null =>
                new(NameOf(application, profiles, namesMax), label, EnvironmentForm.Sources),
            { Length: >= 4 } => throw new RequestRefused(
                StatusCodes.Status501NotImplemented,
                "plain text files are not served yet; /{application}/{profiles}/{label} is",
                RefusalKind.Unknown),
            _ => throw RequestRefused.NotFound("nothing is here; configuration is at /{application}/{profiles}"),
        };
    }

    /// <summary>Checks and normalises the names of applications and profiles.</summary>
    public static EnvironmentName NameOf(string applications, string profiles, int namesMax)
    {
        string[] names = Names(applications, namesMax);
        string[] wanted = Names(profiles, namesMax);
        if (Array.Find(names, ReservedNames.Contains) is { } reserved)
            throw RequestRefused.BadRequest($"'{reserved}' is reserved and cannot be the name of an application");
        if (wanted.Any(profile => !Profile().IsMatch(profile)))
            throw RequestRefused.BadRequest("a profile consists of letters, digits and - _ . + @, and begins and ends with a letter or digit");
        return new EnvironmentName(string.Join(',', names), string.Join(',', wanted));
    }

    private static EnvironmentRequest OfFile(string file, EnvironmentForm form, string? label, int namesMax)
    {
        string stem = file[..file.LastIndexOf('.')];
        int hyphen = stem.LastIndexOf('-');
        if (hyphen <= 0 || hyphen == stem.Length - 1) throw RequestRefused.NotFound("a file of configuration is named {application}-{profiles} and its ending");

        // The last hyphen separates, so "foo-dev,eu-west" would quietly become the applications "foo-dev" and "eu".
        string application = stem[..hyphen];
        int comma = application.IndexOf(',', StringComparison.Ordinal);
        if (comma >= 0 && application.IndexOf('-', StringComparison.Ordinal) is var first && first >= 0 && first < comma)
            throw RequestRefused.BadRequest("a profile with a hyphen cannot be asked for in this form; use /{application}/{profiles}");
        return new(NameOf(application, stem[(hyphen + 1)..], namesMax), label, form);
    }

    private static string[] Names(string list, int max)
    {
        string[] names = list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (names.Length == 0) throw RequestRefused.BadRequest("an application and a profile must be named");
        if (names.Length > max) throw RequestRefused.BadRequest($"more than {max} names in one list");
        return names;
    }

    private static EnvironmentForm? FormOf(string segment) => Path.GetExtension(segment) switch
    {
        ".yml" or ".yaml" => EnvironmentForm.Yaml,
        ".properties" => EnvironmentForm.Properties,
        ".json" => EnvironmentForm.NestedJson,
        _ => null,
    };

    [GeneratedRegex(@"^[\p{L}\p{Nd}](?:[\p{L}\p{Nd}_.+@-]*[\p{L}\p{Nd}])?\z")]
    private static partial Regex Profile();
}
