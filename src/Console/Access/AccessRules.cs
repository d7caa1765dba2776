using Microsoft.Extensions.Options;
using Quintet.Hosting.Listening;

namespace Quintet.Console.Access;

/// <summary>What must hold between several settings.</summary>
internal sealed class AccessRules : IValidateOptions<ConsoleOptions>
{
    public ValidateOptionsResult Validate(string? name, ConsoleOptions options)
    {
        List<string> faults = [];
        bool isLocal = options.Bind == ListenExtensions.Loopback;
        if (options.Access.Anonymous != AnonymousRole.None && !isLocal)
            faults.Add("Console:Access:Anonymous: only a console with Console:Bind=loopback may be used without a login");
        if (!isLocal && options.Access.Hosts.Count == 0)
            faults.Add("Console:Access:Hosts: name the hosts that the console is called by, or '*', when Console:Bind is not loopback");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
