using Microsoft.Extensions.DependencyInjection;

namespace Quintet.Console.Parts;

internal static class PartsExtensions
{
    public static IServiceCollection AddConsoleParts(this IServiceCollection services) =>
        services.AddSingleton<PartClients>().AddSingleton<SystemFeed>().AddHostedService<SystemLoop>();
}
