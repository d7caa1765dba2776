using Quintet.Client.Consul;
using Quintet.Manifest;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;

namespace Quintet.Engines;

/// <summary>A policy and a token for each service, the gateway and the supervisor: in a Consul what the embedded registry is told at its start.</summary>
internal sealed class RegistrySetup(SystemManifest manifest, Secrets secrets, EngineSteps steps, TimeProvider time)
{
    private const string Engine = "registry";

    /// <summary>Who has a token besides the services.</summary>
    public static readonly string[] Others = ["gateway", "supervisor"];

    private const string Readable = "service_prefix \"\" { policy = \"read\" }\nnode_prefix \"\" { policy = \"read\" }\n";

    public async Task<AppliedEngine> ApplyAsync(CancellationToken cancellation)
    {
        Uri url = manifest.Engines.Registry!;
        string? token = Environment.GetEnvironmentVariable(Credentials.RegistryTokenVariable);
        using HttpClient http = ConsulClient.CreateHttp(Endpoints.Text(url), token);
        ConsulAcl acl = new(http);
        bool hasAccounts = await acl.IsEnabledAsync(cancellation);
        string? version = await acl.VersionAsync(cancellation);
        EngineVersion.Require("Consul", version, EngineVersion.ConsulLeast);
        if (hasAccounts) await TokensAsync(acl, cancellation);
        else steps.Say(Engine, "this registry has no access control that could be set up: whoever reaches it may do everything");
        return new AppliedEngine(Endpoints.Text(url), version!, manifest.System, time.GetUtcNow())
        {
            HasAccounts = hasAccounts,
            Services = [.. manifest.Services.Select(AppliedService.Of)],
        };
    }

    /// <summary>In Consul's rule language.</summary>
    public static string RulesOf(string user) => user switch
    {
        "gateway" => $"{Readable}key_prefix \"quintet/gateway/\" {{ policy = \"read\" }}\n",
        // It registers the services that do not know of a registry, and takes every dead instance out.
        "supervisor" => "service_prefix \"\" { policy = \"write\" }\nnode_prefix \"\" { policy = \"read\" }\n",
        _ => $"service \"{user}\" {{ policy = \"write\" }}\n{Readable}key_prefix \"{user}/\" {{ policy = \"write\" }}\n",
    };

    private async Task TokensAsync(ConsulAcl acl, CancellationToken cancellation)
    {
        IReadOnlyList<AclPolicy> policies = await acl.PoliciesAsync(cancellation);
        foreach (string user in manifest.Services.Select(s => s.Name).Concat(Others))
        {
            string name = $"{manifest.System}-{user}";
            AclPolicy wanted = new(policies.FirstOrDefault(p => p.Name == name)?.Id, name)
            {
                Description = $"{user} of the system {manifest.System}, by quintet engines apply",
                Rules = RulesOf(user),
            };
            bool isThere = wanted.Id is not null && (await acl.PolicyAsync(wanted.Id, cancellation)).Rules == wanted.Rules;
            await steps.EnsureAsync(Engine, $"policy {name}", isThere, () => acl.PutPolicyAsync(wanted, cancellation));

            string secret = Credentials.EngineToken(secrets, user);
            AclToken? known = await acl.TokenOfAsync(secret, cancellation);
            AclToken token = new(known?.AccessorId, secret) { Description = wanted.Description, Policies = [new AclPolicyLink(name)] };
            await steps.EnsureAsync(Engine, $"token of {user}", known?.Policies is [{ } only] && only.Name == name,
                () => acl.PutTokenAsync(token, cancellation));
        }
    }
}
