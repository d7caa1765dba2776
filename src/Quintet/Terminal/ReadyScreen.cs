using System.Globalization;
using Quintet.Client.Supervisor;
using Quintet.Manifest;

namespace Quintet.Terminal;

/// <summary>The one screen when everything is up: what runs where on which engine, what to try, where the mails go.</summary>
internal static class ReadyScreen
{
    public static void Print(
        SystemStatus status, SystemManifest manifest, IReadOnlyDictionary<string, string> environment, Uri? look, bool detached)
    {
        TextTable table = new("PART", "INSTANCE", "ENDPOINT", "ENGINE");
        foreach (SystemProcess process in status.Processes.Where(p => p.Part != "supervisor"))
            table.Add(process.Part, process.Instance, process.Endpoint ?? "", process.Engine);
        if (manifest.Engines.Registry is { } registry) table.Add("registry", "-", registry.AbsoluteUri, "yours");
        if (manifest.Engines.Broker is { } broker) table.Add("broker", "-", broker.AbsoluteUri, "yours");
        if (manifest.Engines.Configuration is { } configuration) table.Add("config", "-", configuration.AbsoluteUri, "yours");
        if (manifest.Engines.Database is { } database) table.Add("database", "-", database.AbsoluteUri, "yours");
        System.Console.WriteLine();
        System.Console.Write(table);
        System.Console.WriteLine();
        if (TryIt(manifest, environment["GATEWAY_URL"]) is { } command) System.Console.WriteLine($"try    {command}");
        System.Console.WriteLine($"mails  {environment["MAIL_DIRECTORY"]}");
        if (look is not null) System.Console.WriteLine($"look   {look.AbsoluteUri}");
        System.Console.WriteLine(detached ? "stop   quintet down" : "stop   Ctrl-C");
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"memory {status.Processes.Sum(p => p.MemoryMb):0} MB in {status.Processes.Count} processes"));
        System.Console.WriteLine("READY");
    }

    /// <summary>A sign-up where there are users; otherwise a request to the first route that needs no parameter but the rest.</summary>
    private static string? TryIt(SystemManifest manifest, string gateway)
    {
        if (manifest.Services.Any(s => s.Name == "users" && s.Routes.Any(r => r.StartsWith("/users", StringComparison.Ordinal))))
            return $$"""curl -i {{gateway}}/users -H 'Content-Type: application/json' -d '{"name":"Ada","email":"ada@example.org"}'""";
        string? route = manifest.Services.SelectMany(s => s.Routes).Select(r => r.Split("/{**")[0].Split("/{*")[0])
            .FirstOrDefault(r => !r.Contains('{', StringComparison.Ordinal));
        return route is null ? null : $"curl -i {gateway}{(route.Length == 0 ? "/" : route)}";
    }
}
