using Microsoft.Extensions.DependencyInjection;
using Quintet.Client.Consul;
using Quintet.Console.Parts;
using Quintet.Console.Tests.Systems;
using Quintet.TestKit.Systems;

namespace Quintet.Console.Tests.Parts;

public sealed class KeyDeskTests : IAsyncLifetime
{
    private BoxProcess _registry = null!;
    private RunningConsole _console = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private PartClients Clients => _console.Services.GetRequiredService<PartClients>();

    private KeyDesk Keys => Clients.Keys!;

    public async ValueTask InitializeAsync()
    {
        _registry = await BoxProcess.StartAsync("registry", Cancellation);
        _console = await RunningConsole.StartAsync(null, ("Console:Parts:Registry", _registry.Address));
    }

    public async ValueTask DisposeAsync()
    {
        await _console.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task Keys_are_browsed_a_folder_at_a_time()
    {
        foreach (string key in (string[])["users/limits/day", "users/limits/hour", "users/flag", "top"])
            await Keys.WriteAsync(key, null, "ü", Cancellation);

        Assert.Equal(["top", "users/"], await Keys.ListAsync("", Cancellation));
        Assert.Equal(["users/flag", "users/limits/"], await Keys.ListAsync("users/", Cancellation));
        Assert.Empty(await Keys.ListAsync("nothing/", Cancellation));
        Assert.Equal("ü", KeyDesk.TextOf((await Keys.ReadAsync("users/limits/day", Cancellation))!));
    }

    [Fact]
    public async Task A_key_that_changed_meanwhile_is_neither_written_nor_deleted()
    {
        await Keys.WriteAsync("flag", null, "off", Cancellation);
        KeyValueEntry seen = (await Keys.ReadAsync("flag", Cancellation))!;
        await Keys.WriteAsync("flag", seen, "on", Cancellation);

        ArgumentException write = await Assert.ThrowsAsync<ArgumentException>(() => Keys.WriteAsync("flag", seen, "off", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => Keys.DeleteAsync(seen, Cancellation));
        ArgumentException again = await Assert.ThrowsAsync<ArgumentException>(() => Keys.WriteAsync("flag", null, "off", Cancellation));

        Assert.Contains("changed by somebody else since you looked", write.Message, StringComparison.Ordinal);
        Assert.Contains("is there already", again.Message, StringComparison.Ordinal);
        Assert.Equal("on", KeyDesk.TextOf((await Keys.ReadAsync("flag", Cancellation))!));
    }

    [Fact]
    public async Task A_key_is_deleted_as_it_was_seen()
    {
        await Keys.WriteAsync("flag", null, "off", Cancellation);

        await Keys.DeleteAsync((await Keys.ReadAsync("flag", Cancellation))!, Cancellation);

        Assert.Null(await Keys.ReadAsync("flag", Cancellation));
    }

    [Fact]
    public async Task A_value_that_is_no_text_is_told_to_be_none_and_a_name_that_is_none_is_refused()
    {
        await Clients.Registry!.PutKeyAsync("blob", new byte[] { 0xff, 0xfe }, cancellation: Cancellation);

        Assert.Null(KeyDesk.TextOf((await Keys.ReadAsync("blob", Cancellation))!));
        await Assert.ThrowsAsync<ArgumentException>(() => Keys.WriteAsync("folder/", null, "x", Cancellation));
    }

    [Fact]
    public async Task Each_check_of_an_instance_is_told_in_its_words()
    {
        ServiceRegistration service = new("orders-1", "orders", "127.0.0.1", 1)
        {
            Checks = [new ServiceCheck { CheckId = "beat", Name = "heartbeat", Ttl = TimeSpan.FromMinutes(1) }],
        };
        await Clients.Registry!.RegisterAsync(service, Cancellation);
        await Clients.Registry.FailAsync("beat", "no heartbeat: disk full", Cancellation);

        ServiceInstance instance = Assert.Single((await Clients.Registry.HealthServiceAsync("orders", cancellation: Cancellation)).Value);

        CheckState check = Assert.Single(instance.Checks, c => c.Id == "beat");
        Assert.Equal(("heartbeat", InstanceStatus.Critical, "no heartbeat: disk full"), (check.Name, check.Status, check.Output));
    }
}
