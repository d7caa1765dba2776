using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;
using Quintet.Hosting.Settings;

namespace Quintet.Console.Tests;

public sealed class ConsoleBoxTests
{
    [Fact]
    public async Task Faulty_settings_are_told_with_their_keys()
    {
        OptionsValidationException fault = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using WebApplication app = ConsoleBox.Build(new BoxSettings(null, new Dictionary<string, string?> { ["Console:Port"] = "70000" }));
            await app.StartAsync(TestContext.Current.CancellationToken);
        });

        Assert.Contains(fault.Failures, failure => failure.Contains("Port", StringComparison.Ordinal));
        Assert.Contains(fault.Failures, failure => failure.Contains("DataFolder", StringComparison.Ordinal));
    }
}
