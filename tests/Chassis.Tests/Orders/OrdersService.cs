using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Quintet.Chassis.Data;
using Quintet.Chassis.Messaging;
using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Quintet.Chassis.Tests.Orders;

/// <summary>A service on the chassis, in this process: real Kestrel, a real SQLite file or, by its settings, a real PostgreSQL database.</summary>
internal sealed class OrdersService : IAsyncDisposable
{
    private OrdersService(WebApplication app) => App = app;

    public WebApplication App { get; }

    public IServiceProvider Services => App.Services;

    public Uri Url => new(App.Urls.First());

    /// <summary>Settings are given as on the command line: <c>QUINTET_INSTANCE=orders-2</c>.</summary>
    public static Task<OrdersService> StartAsync(TempFolder folder, Action<WebApplicationBuilder>? configure = null, params string[] settings) =>
        StartAsync(folder, configure, _ => { }, settings);

    /// <summary>With endpoints of the test's own.</summary>
    public static async Task<OrdersService> StartAsync(
        TempFolder folder, Action<WebApplicationBuilder>? configure, Action<WebApplication> map, params string[] settings)
    {
        string[] arguments =
        [
            "--QUINTET_SERVICE=orders", "--QUINTET_INSTANCE=orders-1", "--PORT=0", $"--QUINTET_DATA={folder["data"]}",
            .. settings.Select(setting => $"--{setting}"),
        ];
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(arguments);
        builder.Logging.ClearProviders();
        builder.AddQuintet().AddDatabase<OrdersDb>().AddOutbox();
        configure?.Invoke(builder);
        WebApplication app = builder.Build();
        app.UseQuintet();
        app.MapPost("/orders/{id}", (long id, OrdersDb db, Outbox outbox, CancellationToken cancellation) => PlaceAsync(id, db, outbox, cancellation));
        app.MapGet("/orders/{id}", (string id) => Results.Ok(new { id, app.Services.GetRequiredService<ChassisOptions>().Instance }));
        app.MapOrders();
        map(app);
        await app.StartAsync();
        return new OrdersService(app);
    }

    public async Task<T> WithAsync<T>(Func<OrdersDb, Outbox, Task<T>> work)
    {
        await using AsyncServiceScope scope = Services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<OrdersDb>(), scope.ServiceProvider.GetRequiredService<Outbox>());
    }

    public Task<string> PlaceAsync(long id) => WithAsync((db, outbox) => PlaceAsync(id, db, outbox, CancellationToken.None));

    public HttpClient CreateClient(string name = "") => Services.GetRequiredService<IHttpClientFactory>().CreateClient(name);

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
    }

    private static async Task<string> PlaceAsync(long id, OrdersDb db, Outbox outbox, CancellationToken cancellation)
    {
        db.Add(new Order { Number = $"number-{id}" });
        string eventId = outbox.Add(new OrderPlaced(id));
        await db.SaveChangesAsync(cancellation);
        return eventId;
    }
}
