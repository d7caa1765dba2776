using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Conformance.Registry;

public sealed class RegistryClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Npm_consul_registers_watches_and_stores()
    {
        await using BoxProcess registry = await BoxProcess.StartAsync("registry", Cancellation);
        await ForeignClient.NodeAsync("registry.mjs", ("CONSUL_HTTP_ADDR", registry.Address));
    }

    [Fact]
    public async Task Python_consul2_registers_waits_and_stores()
    {
        Need.PythonModule("consul", "python3-consul2");
        await using BoxProcess registry = await BoxProcess.StartAsync("registry", Cancellation);
        await ForeignClient.PythonAsync("registry.py", ("CONSUL_HTTP_ADDR", registry.Address));
    }
}
