using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Quintet.Console.Access;
using Quintet.Console.Parts;
using Quintet.Console.Records;

namespace Quintet.Console.Pages;

/// <summary>A page that shows the system as it is now, and does things in the name of whoever looks at it.</summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private readonly CancellationToken _left;
    private IDisposable? _watch;

    /// <summary>Made by the renderer.</summary>
    protected LivePage() => _left = _leaving.Token;

    [Inject]
    private protected SystemFeed Feed { get; set; } = null!;

    [Inject]
    private protected AuditLog Log { get; set; } = null!;

    [Inject]
    private protected TimeProvider Time { get; set; } = null!;

    [CascadingParameter]
    private Task<AuthenticationState>? Session { get; set; }

    private protected SystemPicture Picture => Feed.Current;

    private protected bool MayChange { get; private set; }

    /// <summary>Ends when the page is left, and can still be asked after that.</summary>
    private protected CancellationToken Gone => _left;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        MayChange = (await ActorAsync()).MayChange;
        _watch = Feed.Watch(() => _ = InvokeAsync(RefreshAsync));
    }

    /// <summary>Called for each new picture.</summary>
    private protected virtual Task RefreshAsync()
    {
        StateHasChanged();
        return Task.CompletedTask;
    }

    /// <summary>Does something that the audit log keeps, and has the parts asked again.</summary>
    private protected async Task<string> DoAsync(Deed deed, Func<Task<string>> work)
    {
        string result = await Log.DoAsync(await ActorAsync(), deed, work);
        Feed.AskNow();
        return result;
    }

    /// <summary>Who looks; nobody who may do anything once the session is over.</summary>
    private protected async Task<Actor> ActorAsync()
    {
        if (Session is null) return new Actor("nobody", ConsoleRole.Viewer, "", default);
        Actor actor = Actor.Of((await Session).User);
        return actor.Until > Time.GetUtcNow() ? actor : actor with { Role = ConsoleRole.Viewer };
    }

    /// <summary>Frees what the page holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing) return;
        _watch?.Dispose();
        _leaving.Cancel();
        _leaving.Dispose();
    }
}
