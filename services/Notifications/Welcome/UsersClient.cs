using System.Net;
using System.Text.Json;

namespace Quintet.Notifications.Welcome;

/// <summary>A user as Users tells it.</summary>
internal sealed record UserFacts(long Id, string Name, string Email);

/// <summary>Asks the service Users, found in the registry.</summary>
internal sealed class UsersClient(HttpClient http)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The user, or null when Users knows of none.</summary>
    /// <exception cref="HttpRequestException">Users cannot be asked, or answers with an error.</exception>
    public async Task<UserFacts?> FindAsync(long id, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await http.GetAsync(new Uri($"http://users/users/{id}"), cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound && await IsFromUsersAsync(answer, cancellation)) return null;
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<UserFacts>(Json, cancellation);
    }

    /// <summary>
    /// Whether Users itself says that there is no such user. A 404 of somebody else, who was given the port of an instance that has just
    /// died, must not pass for it: the mail would never be sent.
    /// </summary>
    private static async Task<bool> IsFromUsersAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.Content.Headers.ContentType?.MediaType != "application/problem+json") return false;
        using JsonDocument problem = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellation), default, cancellation);
        return problem.RootElement.TryGetProperty("error", out JsonElement error) && error.GetString() == "User not found";
    }
}
