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
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<UserFacts>(Json, cancellation);
    }
}
