using Quintet.TestKit.Files;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Conformance.Configuration;

public sealed class ConfigurationClientTests
{
    [Fact]
    public async Task Npm_cloud_config_client_reads_profiles_and_labels()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var seed = new TempFolder();
        await File.WriteAllTextAsync(seed["application.yml"], "shared: from application\n", cancellation);
        await File.WriteAllTextAsync(seed["shop.yml"], "greeting:\n  text: hello\nlist: [one, two]\n", cancellation);
        await File.WriteAllTextAsync(seed["shop-eu.properties"], "greeting.text=hallo\n", cancellation);
        await using BoxProcess server = await BoxProcess.StartAsync(
            "config",
            cancellation,
            ("ConfigServer__SeedFolder", seed.Path),
            ("ConfigServer__Tokens__0__Name", "shop"),
            ("ConfigServer__Tokens__0__Secret", "conformance"),
            ("ConfigServer__Tokens__0__Applications__0", "shop"));

        await ForeignClient.NodeAsync("configuration.mjs", ("CONFIG_SERVER_URL", server.Address), ("CONFIG_SERVER_TOKEN", "conformance"));
    }
}
