using Microsoft.Extensions.Options;

namespace Quintet.ConfigServer.Access;

/// <summary>Rules between tokens that no attribute can state.</summary>
internal sealed class TokenRules : IValidateOptions<ConfigServerOptions>
{
    public ValidateOptionsResult Validate(string? name, ConfigServerOptions options)
    {
        List<string> faults = [];
        foreach ((int index, ConfigServerOptions.TokenOptions token) in options.Tokens.Index())
        {
            string key = $"{ConfigServerOptions.Section}:Tokens:{index}";
            if (token.Secret?.Reveal().Length == 0) faults.Add($"{key}:Secret: is empty");
            if (token.Name.Any(c => char.IsControl(c) || c is '<' or '>'))
                faults.Add($"{key}:Name: must not hold < > or control characters, it becomes a committer");
            if (options.Tokens.Take(index).Any(other => other.Name == token.Name)) faults.Add($"{key}:Name: '{token.Name}' is used twice");
            if (token.Secret is not null && options.Tokens.Take(index).Any(other => token.Secret.Equals(other.Secret)))
                faults.Add($"{key}:Secret: another token has the same");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
