using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Client.Configuration;
using Quintet.Console.Access;
using Quintet.Console.Parts;
using Quintet.Console.Records;
using Quintet.Console.Tests.Systems;
using Quintet.TestKit.Processes;
using Quintet.TestKit.Systems;

namespace Quintet.Console.Tests.Parts;

/// <summary>A console beside a configuration server that others commit to as well.</summary>
public sealed class ConfigurationVersionTests
{
    private static readonly Actor Ann = new("ann", ConsoleRole.Operator, "127.0.0.1", DateTimeOffset.MaxValue);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_somebody_commits_past_the_console_has_a_flag_and_what_is_committed_here_has_one_only()
    {
        await using BoxProcess server = await BoxProcess.StartAsync("config", Cancellation);
        await using RunningConsole console = await RunningConsole.StartAsync(
            null, ("Console:Parts:Configuration", server.Address), ("Console:Parts:IdleRefresh", "00:00:00.100"));
        SystemFeed feed = console.Services.GetRequiredService<SystemFeed>();
        await Eventually.TrueAsync("the first version is seen", () => Task.FromResult(feed.Current.Configuration.Value is not null), Cancellation);
        await CommitElsewhereAsync(server, "first: 1");
        await SeesAsync(feed, 1);

        string own = await CommitHereAsync(console, "second: 2");
        await SeesAsync(feed, 2);
        await CommitElsewhereAsync(server, "third: 3");
        await SeesAsync(feed, 3);

        Assert.Equal(own, feed.Versions[1].Commit);
        string[] words = [.. FlagsOf(console, feed).Select(flag => flag.Words)];
        Assert.Equal([feed.Versions[0].Words, "ann: configure application.yml", feed.Versions[2].Words], words);
    }

    private static IReadOnlyList<Flag> FlagsOf(RunningConsole console, SystemFeed feed) => Timeline.Flags(
        console.Services.GetRequiredService<AuditLog>().Newest(200), (feed.Current.At, []), feed.Versions, DateTimeOffset.MinValue);

    private static Task SeesAsync(SystemFeed feed, int count) => Eventually.TrueAsync(
        $"{count} changes are seen", () => Task.FromResult(feed.Versions.Count == count), Cancellation, () => string.Join(' ', feed.Versions));

    /// <summary>As the page does it.</summary>
    private static async Task<string> CommitHereAsync(RunningConsole console, string text)
    {
        ConfigFileClient files = console.Services.GetRequiredService<PartClients>().Files!;
        string commit = "";
        await console.Services.GetRequiredService<AuditLog>().DoAsync(Ann, new Deed("configure", "application.yml"), async () =>
        {
            commit = await files.WriteAsync(await files.ReadAsync("application.yml", Cancellation), text, "ann", "why", Cancellation);
            return SeenVersion.Committed("application.yml", commit);
        });
        return commit;
    }

    private static async Task CommitElsewhereAsync(BoxProcess server, string text)
    {
        using HttpClient other = new(new SocketsHttpHandler());
        using HttpRequestMessage change = new(HttpMethod.Put, $"{server.Address}/_ext/v1/config/files/others.yml?author=Bob");
        change.Content = new StringContent(text);
        if (text.StartsWith("first", StringComparison.Ordinal)) change.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        else change.Headers.IfMatch.Add(EntityTagHeaderValue.Any);
        (await other.SendAsync(change, Cancellation)).EnsureSuccessStatusCode();
    }
}
