using System.Net.Http.Headers;
using Quintet.Client.Configuration;
using Quintet.Manifest;
using Quintet.Supervision.Plan;

namespace Quintet.Doctor;

/// <summary>A configuration server: each service gets its configuration.</summary>
internal sealed class ConfigurationCheck(Findings findings, SystemManifest manifest, Credentials credentials)
{
    private const string Check = "configuration";

    public async Task LookAsync(CancellationToken cancellation)
    {
        foreach (ServiceManifest service in manifest.Services)
            if (!await AskAsync(service.Name, cancellation)) return; // the others would say the same
    }

    /// <returns>Whether the server could be reached.</returns>
    private async Task<bool> AskAsync(string service, CancellationToken cancellation)
    {
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            BaseAddress = manifest.Engines.Configuration, Timeout = TimeSpan.FromSeconds(10),
        };
        if (credentials.ConfigurationToken(service) is { Length: > 0 } token)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            ServedConfiguration served = await new ConfigServerClient(http).GetAsync(service, ConfigServerClient.DefaultProfile, null, cancellation);
            findings.Ok(Check, $"{service} gets {served.Properties.Count} settings");
            return true;
        }
        catch (ConfigServerException refused)
        {
            findings.Fault(Check, $"{service}: {refused.Message}", "give a token that may read it in CONFIG_SERVER_TOKEN");
            return true;
        }
        catch (Exception fault) when (fault is HttpRequestException || (fault is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            findings.Fault(Check, $"{http.BaseAddress} does not answer: {fault.Message}", "start the configuration server, or correct engines.configuration");
            return false;
        }
    }
}
