using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Quintet.Hosting.Health;
using Quintet.Hosting.Listening;
using Quintet.Hosting.Settings;
using Xunit;

namespace Quintet.Hosting.Tests.Health;

public sealed class HealthTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Live_answers_while_a_failing_check_holds_readiness_back()
    {
        WebApplicationBuilder builder = BoxHost.CreateBuilder("kiosk", BoxSettings.Empty);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenOn(ListenExtensions.Loopback, 0));
        builder.Services.AddHealthChecks().AddCheck("shelves", () => HealthCheckResult.Unhealthy("empty"), [HealthRoutes.ReadyTag]);
        await using WebApplication app = builder.Build();
        app.MapQuintetHealth();
        await app.StartAsync(Cancellation);
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(app.Urls.Single()) };

        HttpResponseMessage live = await client.GetAsync("/health/live", Cancellation);
        HttpResponseMessage ready = await client.GetAsync("/health/ready", Cancellation);

        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Contains("\"empty\"", await ready.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1,nonsense")]
    public void An_address_that_cannot_be_read_is_named(string bind)
    {
        WebApplicationBuilder builder = BoxHost.CreateBuilder("kiosk", BoxSettings.Empty);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenOn(bind, 0));

        FormatException refused = Assert.Throws<FormatException>(builder.Build);

        Assert.Contains(bind.Split(',')[^1], refused.Message, StringComparison.Ordinal);
    }
}
