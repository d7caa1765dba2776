using Microsoft.Extensions.DependencyInjection;
using Quintet.Console.DeadLetters;

namespace Quintet.Console.Parts;

internal static class PartsExtensions
{
    public static IServiceCollection AddConsoleParts(this IServiceCollection services) =>
        services.AddSingleton<PartClients>().AddSingleton<SystemFeed>().AddSingleton<LetterWorks>().AddHostedService<SystemLoop>();
}
