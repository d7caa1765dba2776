using Microsoft.AspNetCore.Http;
using Quintet.Chassis.Tests.Doubles;
using Quintet.Chassis.Tests.Orders;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Telemetry;
using Xunit;

namespace Quintet.Chassis.Tests.Calls;

public sealed class BulkheadTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_that_hangs_holds_its_share_and_another_is_called_as_if_nothing_were()
    {
        using TempFolder folder = new();
        TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Sibling hanging = await Sibling.StartAsync(async context =>
        {
            await released.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("late", context.RequestAborted);
        });
        await using Sibling fast = await Sibling.StartAsync(context => context.Response.WriteAsync("at once", context.RequestAborted));
        await using OrdersService service = await OrdersService.StartAsync(
            folder, null, "Calls:InHandMax=4", "Calls:CrowdWait=00:00:00.020", "Calls:TryTimeout=00:01:00", "Calls:TotalTimeout=00:01:00");
        using Meters crowded = new("quintet.calls.crowded", new Uri(hanging.Url).Authority);
        using HttpClient client = service.CreateClient();
        using HttpClient other = service.CreateClient("other");

        Task<string>[] held = [.. Enumerable.Range(0, 4).Select(i => (i % 2 == 0 ? client : other).GetStringAsync(new Uri(hanging.Url), Cancellation))];
        await Eventually.TrueAsync("four calls are in hand", () => Task.FromResult(hanging.Arrived == 4), Cancellation);
        HttpRequestException[] refused = await Task.WhenAll(Enumerable.Range(0, 50).Select(
            _ => Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri(hanging.Url), Cancellation))));
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.GetStringAsync(new Uri(fast.Url), Cancellation)));

        Assert.All(refused, fault => Assert.StartsWith("4 calls of '127.0.0.1:", fault.Message, StringComparison.Ordinal));
        Assert.Equal(50, crowded.Total);
        Assert.Equal(4, hanging.Arrived);
        Assert.All(answers, answer => Assert.Equal("at once", answer));
        released.SetResult();
        Assert.All(await Task.WhenAll(held), answer => Assert.Equal("late", answer));
        Assert.Equal("late", await client.GetStringAsync(new Uri(hanging.Url), Cancellation));
    }
}
