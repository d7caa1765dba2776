using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using Polly.CircuitBreaker;
using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Chassis.Tests.Calls;

public sealed class BreakerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_that_fails_too_often_is_left_alone_and_tried_again_after_a_pause()
    {
        using TempFolder folder = new();
        HttpStatusCode status = HttpStatusCode.InternalServerError;
        await using Sibling sibling = await Sibling.StartAsync(context =>
        {
            context.Response.StatusCode = (int)status;
            return Task.CompletedTask;
        });
        FakeTimeProvider time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
        await using OrdersService service = await OrdersService.StartAsync(
            folder,
            builder => builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(time)),
            "Calls:Breaker:TriesMin=6",
            "Calls:Breaker:Pause=00:00:05");
        using HttpClient client = service.CreateClient();
        string name = new Uri(sibling.Url).Authority;

        for (int call = 0; call < 6; call++) await client.PostAsync(sibling.Url, null, Cancellation);
        await Assert.ThrowsAsync<BrokenCircuitException>(() => client.PostAsync(sibling.Url, null, Cancellation));
        Assert.Equal(6, sibling.Arrived);
        Assert.Equal(1, BreakerOf(name));

        time.Advance(TimeSpan.FromSeconds(5));
        status = HttpStatusCode.OK;
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(sibling.Url, null, Cancellation)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(sibling.Url, null, Cancellation)).StatusCode);
        Assert.Equal(0, BreakerOf(name));
    }

    private static int BreakerOf(string service)
    {
        int? state = null;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, me) =>
        {
            if (instrument.Name == "quintet.calls.breaker") me.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, measurement, tags, _) =>
        {
            if (tags[0].Value as string == service) state = measurement;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return Assert.NotNull(state);
    }
}
