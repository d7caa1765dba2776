using Microsoft.Extensions.Configuration;

namespace Quintet.Chassis.Configuration;

/// <summary>The configuration server as a source of .NET configuration.</summary>
internal sealed class ConfigServerSource(ChassisOptions chassis, ConfigServerState state, TimeProvider time) : IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) =>
        new ConfigServerProvider(chassis, new LastGoodCopy(Path.Combine(chassis.DataFolder, "configuration.json")), state, time);
}
