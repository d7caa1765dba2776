using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Quintet.Console.Access;
using Quintet.Console.Records;

namespace Quintet.Console.Pages;

/// <summary>Who looks at an open page: nobody any more as soon as the session is ended, without waiting for the browser to ask for something.</summary>
internal sealed class SessionState : ServerAuthenticationStateProvider, IDisposable
{
    private readonly OpenSessions _sessions;

    public SessionState(OpenSessions sessions)
    {
        _sessions = sessions;
        _sessions.Ended += End;
    }

    public void Dispose() => _sessions.Ended -= End;

    private void End(string id) => _ = EndAsync(id);

    private async Task EndAsync(string id)
    {
        AuthenticationState state = await GetAuthenticationStateAsync();
        if (Actor.Of(state.User).Session != id) return;
        SetAuthenticationState(Task.FromResult(new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity()))));
    }
}
