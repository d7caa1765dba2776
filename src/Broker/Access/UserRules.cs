using Microsoft.Extensions.Options;

namespace Quintet.Broker.Access;

/// <summary>Refuses users that cannot be told apart and patterns that cannot be read, each fault with its key.</summary>
internal sealed class UserRules : IValidateOptions<BrokerOptions>
{
    public ValidateOptionsResult Validate(string? name, BrokerOptions options)
    {
        List<string> faults = [];
        foreach ((int index, UserOptions user) in options.Users.Index())
        {
            string key = $"Broker:Users:{index}";
            if (options.Users.FindIndex(other => other.Name == user.Name) != index) faults.Add($"{key}:Name: '{user.Name}' is there twice");
            foreach ((int at, PermissionOptions permission) in user.Permissions.Index())
            {
                Check($"{key}:Permissions:{at}:Configure", permission.Configure, faults);
                Check($"{key}:Permissions:{at}:Write", permission.Write, faults);
                Check($"{key}:Permissions:{at}:Read", permission.Read, faults);
            }

            foreach ((int at, TopicPermissionOptions topic) in user.TopicPermissions.Index())
            {
                Check($"{key}:TopicPermissions:{at}:Write", topic.Write, faults);
                Check($"{key}:TopicPermissions:{at}:Read", topic.Read, faults);
            }
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void Check(string key, string pattern, List<string> faults)
    {
        if (Patterns.FaultOf(pattern) is { } fault) faults.Add($"{key}: '{pattern}' is not a regular expression: {fault}");
    }
}
