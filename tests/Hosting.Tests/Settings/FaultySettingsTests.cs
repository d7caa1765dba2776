using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Quintet.Hosting.Settings;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Hosting.Tests.Settings;

public sealed class FaultySettingsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_fault_is_reported_at_once_with_its_key()
    {
        await using WebApplication app = Build(BoxSettings.From(
            ("Kiosk:Port", "eighty"),
            ("Kiosk:Prot", "80"),
            ("Kiosk:Opening", "early"),
            ("Kiosk:Shelves:0:Width", "-1"),
            ("Kiosk:Shelves:1:Colour", "red")));

        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync(Cancellation));

        Assert.Contains(refused.Failures, f => f == "Kiosk:Port: 'eighty' is not a whole number");
        Assert.Contains(refused.Failures, f => f.StartsWith("Kiosk:Prot: unknown setting", StringComparison.Ordinal));
        Assert.Contains(refused.Failures, f => f == "Kiosk:Opening: 'early' is not a time span such as 00:00:30");
        Assert.Contains(refused.Failures, f => f.StartsWith("Kiosk:Shelves:1:Colour: unknown setting", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rules_of_nested_objects_are_checked_with_their_index()
    {
        await using WebApplication app = Build(BoxSettings.From(("Kiosk:Shelves:0:Width", "1"), ("Kiosk:Shelves:1:Width", "1000")));

        OptionsValidationException refused = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync(Cancellation));

        Assert.StartsWith("Kiosk:Shelves:1:Width:", Assert.Single(refused.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_line_wins_over_the_file_and_a_change_of_the_file_is_seen()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["kiosk.json"], """{ "Kiosk": { "Port": 1, "Owner": "secret" } }""");
        using WebApplication app = Build(new BoxSettings(folder["kiosk.json"], new Dictionary<string, string?> { ["Kiosk:Port"] = "2" }));
        IOptionsMonitor<KioskOptions> options = app.Services.GetRequiredService<IOptionsMonitor<KioskOptions>>();
        Assert.Equal(2, options.CurrentValue.Port);
        Assert.Equal("***", options.CurrentValue.Owner!.ToString());
        using var changed = new ManualResetEventSlim();
        using IDisposable? listener = options.OnChange(o =>
        {
            if (o.Owner!.Reveal() == "another") changed.Set();
        });

        File.WriteAllText(folder["kiosk.json"], """{ "Kiosk": { "Owner": "another" } }""");

        Assert.True(changed.Wait(TimeSpan.FromSeconds(60), Cancellation));
    }

    [Fact]
    public void A_secret_matches_itself_and_nothing_else()
    {
        var secret = new Secret("correct horse");
        Assert.True(secret.Matches("correct horse"));
        Assert.False(secret.Matches("correct horse "));
        Assert.False(secret.Matches(null));
    }

    private static WebApplication Build(BoxSettings settings)
    {
        WebApplicationBuilder builder = BoxHost.CreateBuilder("kiosk", settings);
        builder.Services.AddValidatedOptions<KioskOptions>(builder.Configuration, "Kiosk");
        return builder.Build();
    }
}

internal sealed class KioskOptions
{
    public int Port { get; set; } = 80;

    public TimeSpan Opening { get; set; } = TimeSpan.FromHours(8);

    public Secret? Owner { get; set; }

    public List<Shelf> Shelves { get; set; } = [];

    internal sealed class Shelf
    {
        [Range(1, 100)]
        public int Width { get; set; } = 10;
    }
}
