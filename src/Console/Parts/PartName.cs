namespace Quintet.Console.Parts;

/// <summary>A part's name, and its name in telemetry, where boxes put the product before it.</summary>
internal static class PartName
{
    private const string Prefix = "quintet-";

    private static readonly string[] Boxes = ["gateway", "registry", "broker", "config", "console"];

    public static string Of(string service) => service.StartsWith(Prefix, StringComparison.Ordinal) ? service[Prefix.Length..] : service;

    public static string InTelemetry(string part) => Boxes.Contains(part) ? Prefix + part : part;
}
