using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Quintet.Tidy.House;

namespace Quintet.Tidy.Docs;

/// <summary>Writes docs/operate/configuration.md from the doc comments of the options types.</summary>
internal static partial class SettingsPage
{
    public const string Path = "docs/operate/configuration.md";

    private static readonly (string Title, string Project, string Type, string Section)[] Roots =
    [
        ("Registry", "src/Registry/", "RegistryOptions", "Registry"),
        ("Broker", "src/Broker/", "BrokerOptions", "Broker"),
        ("Configuration server", "src/ConfigServer/", "ConfigServerOptions", "ConfigServer"),
        ("Gateway", "src/Gateway/", "GatewayOptions", "Gateway"),
        ("Console", "src/Console/", "ConsoleOptions", "Console"),
        ("Services (chassis): database", "src/Chassis/", "DatabaseOptions", "Database"),
        ("Services (chassis): messaging", "src/Chassis/", "MessagingOptions", "Messaging"),
        ("Services (chassis): calls", "src/Chassis/", "CallOptions", "Calls"),
        ("Services (chassis): load", "src/Chassis/", "LoadOptions", "Load"),
        ("Services (chassis): repeated requests", "src/Chassis/", "IdempotencyOptions", "Idempotency"),
        ("Services (chassis): sagas", "src/Chassis/", "SagaOptions", "Sagas"),
        ("Users: deletion", "services/Users/", "DeletionOptions", "Deletion"),
        ("Notifications: erasure", "services/Notifications/", "ErasureOptions", "Erasure"),
        ("Notifications: welcome", "services/Notifications/", "WelcomeOptions", "Welcome"),
        ("Notifications: mail", "services/Notifications/", "MailOptions", "Mail"),
    ];

    private static readonly string[] Collections = ["List", "IList", "IReadOnlyList", "ICollection", "IReadOnlyCollection"];
    private static readonly string[] Maps = ["Dictionary", "IDictionary", "IReadOnlyDictionary"];

    public static string Write()
    {
        StringBuilder page = new(
            """
            # Settings

            Made from the doc comments of the options types; a test compares. `QUINTET_WRITE_DOCS=1 dotnet run --project tests/Tidy` writes it anew.

            A setting is a key in a `--settings file.json` (`{ "Registry": { "Port": 8500 } }`), an environment variable with two underscores for each colon
            (`Registry__Port=8500`), or, for the most used, an option of the command. The command line wins over the environment, and that over the file. Time
            spans are written `hh:mm:ss`. An unknown key or a value out of range stops the start, and every fault is named at once.


            """);
        foreach ((string title, string project, string type, string section) in Roots)
        {
            page.Append("## ").Append(title).Append("\n\n| key | default | what |\n|---|---|---|\n");
            Dictionary<string, ClassDeclarationSyntax> types = TypesOf(project);
            foreach (Setting setting in KeysOf(types[type], section, types)) page.Append(setting.ToString()).Append('\n');
            page.Append('\n');
        }

        return page.ToString().TrimEnd('\n') + "\n";
    }

    private static Dictionary<string, ClassDeclarationSyntax> TypesOf(string project) =>
        Checkout.Sources(project)
            .Where(path => path.EndsWith("Options.cs", StringComparison.Ordinal))
            .SelectMany(path => CSharpSyntaxTree.ParseText(Checkout.Read(path)).GetRoot().DescendantNodes().OfType<ClassDeclarationSyntax>())
            .ToDictionary(type => type.Identifier.Text);

    private static IEnumerable<Setting> KeysOf(ClassDeclarationSyntax type, string prefix, Dictionary<string, ClassDeclarationSyntax> types)
    {
        foreach (PropertyDeclarationSyntax property in type.Members.OfType<PropertyDeclarationSyntax>())
        {
            bool isSettable = property.AccessorList?.Accessors.Any(accessor => accessor.Keyword.Text is "set" or "init") == true;
            if (!isSettable || !property.Modifiers.Any(modifier => modifier.Text == "public")) continue;

            string key = $"{prefix}:{property.Identifier.Text}";
            TypeSyntax kind = property.Type is NullableTypeSyntax nullable ? nullable.ElementType : property.Type;
            if (kind is GenericNameSyntax generic && (Collections.Contains(generic.Identifier.Text) || Maps.Contains(generic.Identifier.Text)))
            {
                key += Maps.Contains(generic.Identifier.Text) ? ":<name>" : ":<n>";
                kind = generic.TypeArgumentList.Arguments[^1];
            }

            bool isGroup = types.TryGetValue(kind.ToString(), out ClassDeclarationSyntax? nested);
            if (!isGroup || Summary(property).Length > 0) yield return new Setting(key, Default(property), Summary(property));
            if (nested is null) continue;
            foreach (Setting below in KeysOf(nested, key, types)) yield return below;
        }
    }

    private static string Default(PropertyDeclarationSyntax property)
    {
        string value = property.Initializer?.Value.ToString() ?? "";
        if (value is "[]" or "new()" or "\"\"" or "null!") return "";
        Match span = Span().Match(value);
        if (span.Success) return $"`{span.Groups[2].Value} {span.Groups[1].Value.ToLowerInvariant()}`";
        if (value.Length == 0) return "";
        return value[0] == '"' ? $"`{value.Trim('"')}`" : $"`{value.Split('.')[^1].Replace("_", "", StringComparison.Ordinal)}`";
    }

    private static string Summary(PropertyDeclarationSyntax property)
    {
        string comment = string.Concat(property.GetLeadingTrivia().Select(trivia => trivia.ToFullString()));
        string text = string.Join(' ', comment.Split('\n').Select(line => line.Trim().TrimStart('/').Trim()));
        Match summary = SummaryElement().Match(text);
        string inside = summary.Success ? summary.Groups[1].Value : text;
        inside = Reference().Replace(inside, m => $"`{m.Groups[1].Value.Split('.')[^1]}`");
        inside = Code().Replace(inside, m => $"`{m.Groups[1].Value}`");
        return Blanks().Replace(System.Net.WebUtility.HtmlDecode(inside), " ").Trim().Replace("|", "\\|");
    }

    [GeneratedRegex(@"^TimeSpan\.From(\w+)\((.*)\)$")]
    private static partial Regex Span();

    [GeneratedRegex("<summary>(.*?)</summary>")]
    private static partial Regex SummaryElement();

    [GeneratedRegex("<(?:see|paramref|typeparamref) (?:cref|name|langword)=\"([^\"]+)\"\\s*/>")]
    private static partial Regex Reference();

    [GeneratedRegex("<c>(.*?)</c>")]
    private static partial Regex Code();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    private sealed record Setting(string Key, string Default, string What)
    {
        public override string ToString() => $"| `{Key}` | {Default} | {What} |";
    }
}
