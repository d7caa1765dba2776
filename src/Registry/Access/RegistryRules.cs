using System.Net;
using Microsoft.Extensions.Options;

namespace Quintet.Registry.Access;

/// <summary>What single settings cannot say about one another.</summary>
internal sealed class RegistryRules : IValidateOptions<RegistryOptions>
{
    public ValidateOptionsResult Validate(string? name, RegistryOptions options)
    {
        List<string> faults = [];
        for (int i = 0; i < options.Tokens.Count; i++)
            if (options.Tokens.Take(i).Any(other => other.Secret is not null && other.Secret.Equals(options.Tokens[i].Secret)))
                faults.Add($"Registry:Tokens:{i}:Secret: another token has the same secret");
        if (options.Tokens.Count == 0 && options.Anonymous != AnonymousAccess.Write)
            faults.Add($"Registry:Anonymous: with {options.Anonymous} and no Registry:Tokens nobody could write");
        for (int i = 0; i < options.Checks.DeniedNetworks.Count; i++)
            if (!IPNetwork.TryParse(options.Checks.DeniedNetworks[i], out _))
                faults.Add($"Registry:Checks:DeniedNetworks:{i}: '{options.Checks.DeniedNetworks[i]}' is not a network such as 10.0.0.0/8");
        foreach ((string key, TimeSpan value) in Times(options))
            if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(7))
                faults.Add($"Registry:{key}: must be more than zero and at most seven days");
        if (options.NodeName is { } node && node.Any(c => char.IsControl(c) || c is '/' or ' '))
            faults.Add("Registry:NodeName: has a blank, a slash or a control character");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static (string Key, TimeSpan Value)[] Times(RegistryOptions options) =>
    [
        ("Checks:DefaultTimeout", options.Checks.DefaultTimeout), ("Checks:IntervalMin", options.Checks.IntervalMin),
        ("Checks:OutputInterval", options.Checks.OutputInterval),
        ("Checks:DeregisterAfterMin", options.Checks.DeregisterAfterMin), ("Checks:ReapInterval", options.Checks.ReapInterval),
        ("Limits:WaitMax", options.Limits.WaitMax),
    ];
}
