using System.Runtime.Versioning;
using Quintet.Browser.Systems;
using Quintet.TestKit.Systems;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// The tests share one system of real processes and one browser; they run one after the other.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(WatchedSystem))]

namespace Quintet.Browser.Systems;

/// <summary>The reference system with its console and one user, started when the first test finds a browser to look at it with.</summary>
public sealed class WatchedSystem : IAsyncDisposable
{
    private QuintetSystem? _system;

    public QuintetSystem System => _system ?? throw new InvalidOperationException("no test has opened it");

    public Uri Console => new(System.Variables["CONSOLE_URL"]);

    public async Task OpenAsync(CancellationToken cancellation)
    {
        if (_system is not null) return;
        _system = await QuintetSystem.StartAsync(cancellation, console: true);
        await _system.SignUpAsync("Ann Lee", "ann@example.org", cancellation);
        await _system.MailToAsync("ann@example.org", cancellation);
    }

    /// <summary>A login link, as <c>quintet console link</c> prints it.</summary>
    public async Task<Uri> LinkAsync(string role, CancellationToken cancellation) =>
        new((await System.MustRunAsync(["console", "link", "--role", role, "--name", "ann"], cancellation)).Trim());

    public async ValueTask DisposeAsync()
    {
        if (_system is not null) await _system.DisposeAsync();
    }
}
