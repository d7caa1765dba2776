using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Quintet.Client.Configuration;

/// <summary>A file of the configuration repository.</summary>
/// <param name="Path">Where it is: <c>notifications.yml</c>.</param>
/// <param name="Text">What it says.</param>
/// <param name="Tag">Which version of it this is; null when there is no such file yet.</param>
public sealed record ConfigFile(string Path, string Text, string? Tag);

/// <summary>Reads and writes files of the configuration repository, through what our own server adds to Spring Cloud Config's API. A file is replaced
/// only as the caller has seen it.</summary>
/// <param name="http">The connection, as <see cref="ConfigServerClient"/> wants it.</param>
public sealed class ConfigFileClient(HttpClient http)
{
    private const string FilesPath = "_ext/v1/config/files/";

    /// <summary>The file as it is now on the default branch; one without text and tag when there is none.</summary>
    /// <exception cref="ConfigServerException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public async Task<ConfigFile> ReadAsync(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.GetAsync(Address(path), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound) return new ConfigFile(path, "", null);
        if (!response.IsSuccessStatusCode) throw await ConfigServerClient.RefusedAsync(response, cancellationToken);
        return new ConfigFile(path, await response.Content.ReadAsStringAsync(cancellationToken), response.Headers.ETag?.Tag);
    }

    /// <summary>Commits a file.</summary>
    /// <param name="seen">The file as it was read, which is what is replaced.</param>
    /// <param name="text">What it is to say.</param>
    /// <param name="author">Who changes it.</param>
    /// <param name="message">Why.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The commit that holds now.</returns>
    /// <exception cref="ConfigServerException">The server refused: 400 the file does not parse, 412 it has changed meanwhile.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public async Task<string> WriteAsync(ConfigFile seen, string text, string author, string message, CancellationToken cancellationToken)
    {
        string query = $"?author={Uri.EscapeDataString(author)}&message={Uri.EscapeDataString(message)}";
        using HttpRequestMessage request = new(HttpMethod.Put, new Uri($"{Address(seen.Path)}{query}", UriKind.Relative))
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } },
        };
        if (seen.Tag is { } tag) request.Headers.IfMatch.Add(new EntityTagHeaderValue(tag));
        else request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode) throw await ConfigServerClient.RefusedAsync(response, cancellationToken);
        return ConfigServerClient.Read(await response.Content.ReadAsByteArrayAsync(cancellationToken), EnvironmentReader.ReadVersion);
    }

    private static Uri Address(string path) => new(FilesPath + string.Join('/', path.Split('/').Select(Uri.EscapeDataString)), UriKind.Relative);
}
