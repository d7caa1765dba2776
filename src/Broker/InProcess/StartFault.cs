using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Quintet.Broker.Storage;

namespace Quintet.Broker.InProcess;

/// <summary>Why a broker did not start, in the words of <see cref="QuintetBrokerOptions"/>.</summary>
internal static class StartFault
{
    /// <summary>Null for what no option can mend.</summary>
    public static Exception? Of(Exception fault, StartPlan plan) => fault switch
    {
        OptionsValidationException invalid => new ArgumentException(string.Join("; ", invalid.Failures.Select(NamedAsOption)), fault),
        StorageException or UnauthorizedAccessException => new IOException($"{nameof(QuintetBrokerOptions.DataFolder)}: {fault.Message}", fault),
        IOException { InnerException: AddressInUseException inUse } =>
            new IOException($"{PortOf(fault.Message, plan)}: {fault.Message} 0 takes a free port.", inUse),
        // What is not about a port is about files.
        IOException => new IOException($"{nameof(QuintetBrokerOptions.DataFolder)}: {fault.Message}", fault),
        _ => null,
    };

    private static string PortOf(string message, StartPlan plan) =>
        message.Contains($":{plan.ManagementPort}:", StringComparison.Ordinal)
            ? nameof(QuintetBrokerOptions.ManagementPort)
            : nameof(QuintetBrokerOptions.Port);

    private static string NamedAsOption(string fault) =>
        fault.StartsWith("Broker:Users:", StringComparison.Ordinal) ? fault["Broker:".Length..] : fault;
}
