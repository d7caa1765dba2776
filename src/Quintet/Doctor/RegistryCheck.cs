using System.Net;
using Quintet.Client.Consul;
using Quintet.Engines;
using Quintet.Manifest;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;

namespace Quintet.Doctor;

/// <summary>A Consul: it has a leader, and every token is known and has its policy.</summary>
internal sealed class RegistryCheck(Findings findings, SystemManifest manifest, Credentials credentials, EngineAccounts accounts, Secrets secrets)
{
    private const string Check = "registry";

    public async Task LookAsync(CancellationToken cancellation)
    {
        Uri url = manifest.Engines.Registry!;
        try
        {
            using HttpClient http = ConsulClient.CreateHttp(Endpoints.Text(url), Environment.GetEnvironmentVariable(Credentials.RegistryTokenVariable));
            if ((await new ConsulClient(http).LeaderAsync(cancellation)).Length == 0)
                findings.Fault(Check, $"the cluster behind {Endpoints.Text(url)} has no leader", "start enough of Consul's servers");
            else
                foreach (string user in manifest.Services.Select(s => s.Name).Concat(RegistrySetup.Others))
                    await TokenAsync(new ConsulAcl(http), user, cancellation);
            await AsOperatorAsync(new ConsulAcl(http), cancellation);
        }
        catch (ConsulException fault)
        {
            findings.Fault(Check, fault.Message, "start Consul's agent on this machine, or correct engines.registry");
        }
    }

    private async Task TokenAsync(ConsulAcl acl, string user, CancellationToken cancellation)
    {
        string policy = $"{manifest.System}-{user}";
        try
        {
            AclToken? token = await acl.TokenOfAsync(credentials.RegistryToken(user), cancellation);
            if (token is null) findings.Fault(Check, $"Consul does not know the token of {user}", "run 'quintet engines apply'");
            else if (accounts.HasRegistry && token.Policies?.Any(p => p.Name == policy) != true)
                findings.Fault(Check, $"the token of {user} has lost its policy {policy}", "run 'quintet engines apply'");
            else findings.Ok(Check, $"Consul knows the token of {user}");
        }
        catch (ConsulException fault) when (fault.Status is HttpStatusCode.Unauthorized or HttpStatusCode.NotFound)
        {
            findings.Ok(Check, $"{user} needs no token: the registry has no access control");
        }
    }

    /// <summary>Only who may read of the agent is told its version, and only who may manage access control is told the rules.</summary>
    private async Task AsOperatorAsync(ConsulAcl acl, CancellationToken cancellation)
    {
        try
        {
            string? version = await acl.VersionAsync(cancellation);
            if (EngineVersion.IsEnough(version, EngineVersion.ConsulLeast)) findings.Ok(Check, $"Consul {version}");
            else findings.Fault(Check, $"Consul is {version ?? "of an unknown version"}", $"upgrade it to {EngineVersion.ConsulLeast} or later");
            if (accounts.HasRegistry) await new RegistrySetup(manifest, secrets, findings.Missing(), TimeProvider.System).ApplyAsync(cancellation);
        }
        catch (ConsulException fault) when (fault.Status is HttpStatusCode.Forbidden)
        {
            findings.Ok(Check, $"its version and its rules are told to an operator's token only, in {Credentials.RegistryTokenVariable}");
        }
    }
}
