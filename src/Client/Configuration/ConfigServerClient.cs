using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Quintet.Client.Configuration;

/// <summary>
/// Reads the configuration of an application from a configuration server that speaks Spring Cloud Config's HTTP API, and waits for
/// changes through the watch that our own server adds to it. Holds no state and may be used by many threads at once.
/// </summary>
/// <param name="http">
/// The connection, owned by the caller. <see cref="HttpClient.BaseAddress"/> is the server's address (<c>CONFIG_SERVER_URL</c>), with or
/// without a path; a token (<c>CONFIG_SERVER_TOKEN</c>) goes into <see cref="HttpClient.DefaultRequestHeaders"/> as <c>Bearer</c>. Its
/// <see cref="HttpClient.Timeout"/> must be longer than the longest wait given to <see cref="WatchAsync"/>.
/// </param>
public sealed class ConfigServerClient(HttpClient http)
{
    /// <summary>The profile to ask for when an application has none.</summary>
    public const string DefaultProfile = "default";

    private const string WatchPath = "_ext/v1/config/watch";
    private const int MessageLengthMax = 500;

    /// <summary>The merged configuration of an application, placeholders resolved as far as the server can.</summary>
    /// <param name="application">The application's name, such as <c>users</c>.</param>
    /// <param name="profiles">One profile or several separated by commas, the last one strongest; <see cref="DefaultProfile"/> for none.</param>
    /// <param name="label">A branch, tag or commit; null means the server's default branch.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ConfigServerException">The server answered with an error, or with something that is not its protocol.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public async Task<ServedConfiguration> GetAsync(
        string application, string profiles, string? label, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response =
            await SendAsync(Address(null, application, profiles, label, "resolvePlaceholders=true"), cancellationToken);
        if (!response.IsSuccessStatusCode) throw await RefusedAsync(response, cancellationToken);

        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return Read(body, EnvironmentReader.Read);
    }

    /// <summary>
    /// Waits until the configuration differs from <paramref name="version"/>. A commit that does not touch this application does not end
    /// the wait.
    /// </summary>
    /// <param name="application">The application's name.</param>
    /// <param name="profiles">As for <see cref="GetAsync"/>.</param>
    /// <param name="label">As for <see cref="GetAsync"/>.</param>
    /// <param name="version">
    /// <see cref="ServedConfiguration.Version"/> of what the caller has (its <see cref="ServedConfiguration.State"/> serves as well); null
    /// means nothing yet, which is answered at once.
    /// </param>
    /// <param name="wait">How long the server may hold the answer back; it may answer earlier. Must not be negative.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>What changed, or null when nothing did in time. Then ask again.</returns>
    /// <exception cref="ConfigServerException">As for <see cref="GetAsync"/>; status 404 also from a server without the watch.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public async Task<ConfigurationChange?> WatchAsync(
        string application, string profiles, string? label, string? version, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wait, TimeSpan.Zero);
        string query = $"wait={((long)wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)}ms";
        if (version is not null) query += $"&version={Uri.EscapeDataString(version)}";

        using HttpResponseMessage response = await SendAsync(Address(WatchPath, application, profiles, label, query), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotModified) return null;
        if (!response.IsSuccessStatusCode) throw await RefusedAsync(response, cancellationToken);

        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return Read(body, EnvironmentReader.ReadChange);
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd("application/json");
        return await http.SendAsync(request, cancellationToken);
    }

    private Uri Address(string? prefix, string application, string profiles, string? label, string query)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(application);
        ArgumentException.ThrowIfNullOrWhiteSpace(profiles);
        Uri server = http.BaseAddress ?? throw new InvalidOperationException("the HttpClient has no BaseAddress: give it the configuration server's");

        // "(_)" is how this protocol writes a slash inside a label; an escaped slash does not survive every proxy.
        string?[] segments = [application, profiles, string.IsNullOrEmpty(label) ? null : label.Replace("/", "(_)", StringComparison.Ordinal)];
        string path = string.Join('/', segments.OfType<string>().Select(Uri.EscapeDataString));
        string root = server.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return new Uri($"{root}/{(prefix is null ? path : $"{prefix}/{path}")}?{query}");
    }

    internal static T Read<T>(byte[] body, Func<byte[], T> reader)
    {
        try
        {
            return reader(body);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ConfigServerException(null, $"the configuration server's answer is not its protocol: {fault.Message}");
        }
    }

    internal static async Task<ConfigServerException> RefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string body = await response.Content.ReadAsStringAsync(cancellationToken);
        string said = EnvironmentReader.ReadError(body) ?? response.ReasonPhrase ?? "no reason given";
        if (said.Length > MessageLengthMax) said = said[..MessageLengthMax];
        return new ConfigServerException(response.StatusCode, $"the configuration server answered {(int)response.StatusCode}: {said}");
    }
}
