using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Quintet.Notifications.Tests.Doubles;

/// <summary>Users, as far as Notifications asks it: on a socket, with the users a test puts in.</summary>
internal sealed class UsersDouble : IAsyncDisposable
{
    private readonly WebApplication _app;

    private UsersDouble(WebApplication app) => _app = app;

    public Dictionary<long, object> Users { get; } = [];

    /// <summary>When set, every request gets this status.</summary>
    public int? Failure { get; set; }

    /// <summary>Completes when a question has arrived.</summary>
    public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Every answer waits for this.</summary>
    public Task Answering { get; set; } = Task.CompletedTask;

    public string Url => _app.Urls.First();

    public static async Task<UsersDouble> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        UsersDouble users = new(builder.Build());
        users._app.Urls.Add("http://127.0.0.1:0");
        users._app.MapGet("/users/{id:long}", async (long id) =>
        {
            users.Asked.TrySetResult();
            await users.Answering;
            return users.Failure is { } status ? Results.StatusCode(status) : users.Users.TryGetValue(id, out object? user) ? Results.Ok(user)
                : Results.Problem(statusCode: 404, extensions: [new("error", "User not found")]);
        });
        await users._app.StartAsync();
        return users;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
