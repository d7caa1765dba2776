using Microsoft.Extensions.DependencyInjection;

namespace Quintet.Console.Records;

internal static class RecordsExtensions
{
    public static IServiceCollection AddConsoleRecords(this IServiceCollection services) =>
        services.AddSingleton<ConsoleDatabase>().AddSingleton<AuditLog>().AddSingleton<UsedCodes>().AddSingleton<OpenSessions>();
}
