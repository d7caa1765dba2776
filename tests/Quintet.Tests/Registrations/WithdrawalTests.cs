using Quintet.Client.Consul;
using Quintet.Manifest;
using Quintet.Supervision;
using Quintet.Supervision.Instances;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Quintet.Tests.Registrations;

/// <summary>An ended instance leaves the registry, also one that was away at that moment. The registry is a real process.</summary>
public sealed class WithdrawalTests : IAsyncLifetime
{
    private static readonly SupervisionOptions Quick = new()
    {
        WithdrawFirst = TimeSpan.FromMilliseconds(20),
        WithdrawMax = TimeSpan.FromMilliseconds(100),
        RegistryTimeout = TimeSpan.FromSeconds(5),
    };

    private BoxProcess _registry = null!;
    private HttpClient _http = null!;
    private ConsulClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _registry = await BoxProcess.StartAsync("registry", Cancellation);
        _http = ConsulClient.CreateHttp(_registry.Address, null);
        _client = new ConsulClient(_http);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task A_registry_that_was_killed_forgets_the_instance_when_it_is_back()
    {
        await using RegistryView view = View(Quick);
        RegistryEntry entry = await RegisteredAsync(view, "job-1");
        await RegisteredAsync(view, "job-2");
        await _registry.KillAsync();

        await entry.WithdrawAsync();
        Assert.Equal(1, view.Withdrawals.Count);
        await _registry.RestartAsync(Cancellation);

        await Eventually.TrueAsync("job-1 is out", async () => !(await IdsAsync()).Contains("job-1"), Cancellation);
        Assert.Equal(["job-2"], await IdsAsync());
        await Eventually.TrueAsync("nothing is left to do", () => Task.FromResult(view.Withdrawals.Count == 0), Cancellation);
    }

    [Fact]
    public async Task A_newer_registration_of_the_same_id_ends_the_withdrawal()
    {
        await using RegistryView view = View(Quick);
        RegistryEntry entry = await RegisteredAsync(view, "job-1");
        await _registry.KillAsync();
        await entry.WithdrawAsync();

        await entry.AnnounceAsync(0, Cancellation);

        Assert.Equal(0, view.Withdrawals.Count);
        await _registry.RestartAsync(Cancellation);
        Assert.Equal(["job-1"], await IdsAsync());
    }

    [Fact]
    public async Task A_process_that_registers_itself_ends_the_withdrawal_with_its_start()
    {
        await using RegistryView view = View(Quick);
        RegistryEntry entry = new(view, Service(RegisteredBy.Self), "job-1", FreePort.Take());
        await _registry.KillAsync();
        await entry.WithdrawAsync();
        Assert.Equal(1, view.Withdrawals.Count);

        await entry.ExpectAsync();

        Assert.Equal(0, view.Withdrawals.Count);
    }

    [Fact]
    public async Task The_end_of_the_system_waits_for_a_registry_that_is_away_no_longer_than_it_may()
    {
        await using RegistryView view = View(Quick with { WithdrawMax = TimeSpan.FromHours(1), WithdrawFirst = TimeSpan.FromHours(1) });
        await _registry.KillAsync();
        await view.Withdrawals.WithdrawAsync("job-1");

        await view.Withdrawals.CloseAsync(TimeSpan.FromMilliseconds(50)).WaitAsync(Eventually.Deadline, Cancellation);

        await view.Withdrawals.WithdrawAsync("job-2"); // too late to be put off
        await view.Withdrawals.EndAsync("job-1").WaitAsync(Eventually.Deadline, Cancellation);
        Assert.Equal(0, view.Withdrawals.Count);
    }

    [Fact]
    public async Task What_a_killed_run_left_under_the_same_id_is_replaced()
    {
        await using RegistryView killed = View(Quick);
        await RegisteredAsync(killed, "job-1");
        await using RegistryView view = View(Quick);
        await Eventually.TrueAsync("it is known", () => Task.FromResult(view.Knows("job", "job-1") is true), Cancellation);
        int port = FreePort.Take();

        await new RegistryEntry(view, Service(RegisteredBy.Supervisor), "job-1", port).AnnounceAsync(0, Cancellation);

        Assert.Equal(port, Assert.Single((await _client.HealthServiceAsync("job", cancellation: Cancellation)).Value).Port);
    }

    [Fact]
    public async Task An_instance_the_registry_does_not_know_is_not_tried_again()
    {
        await using RegistryView view = View(Quick);

        Assert.True(await view.Withdrawals.WithdrawAsync("nobody-1"));

        Assert.Equal(0, view.Withdrawals.Count);
    }

    private static ServiceManifest Service(RegisteredBy registered) => new("job", 1) { Directory = "/", RegisteredBy = registered };

    private RegistryView View(SupervisionOptions options)
    {
        RegistryView view = new(new Uri(_registry.Address), null, options, TimeProvider.System);
        view.Follow("job");
        return view;
    }

    private async Task<RegistryEntry> RegisteredAsync(RegistryView view, string id)
    {
        RegistryEntry entry = new(view, Service(RegisteredBy.Supervisor), id, FreePort.Take());
        await Eventually.TrueAsync(
            $"{id} is registered",
            async () =>
            {
                await entry.AnnounceAsync(0, Cancellation);
                return (await IdsAsync()).Contains(id);
            },
            Cancellation);
        return entry;
    }

    private async Task<IReadOnlyList<string>> IdsAsync() =>
        [.. (await _client.HealthServiceAsync("job", cancellation: Cancellation)).Value.Select(i => i.Id).Order(StringComparer.Ordinal)];
}
