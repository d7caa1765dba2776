using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;
using Quintet.Chassis.Tests.Doubles;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Chassis.Tests.Configuration;

public sealed class ConfigurationTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Values_of_the_server_are_there_at_the_start()
    {
        await using ConfigServerDouble server = await ConfigServerDouble.StartAsync(new() { ["welcome.subject"] = "Hello", ["hosts[0]"] = "a" });

        await using WebApplication app = Build(server.Url);

        Assert.Equal("Hello", app.Configuration["Welcome:Subject"]);
        Assert.Equal("a", app.Configuration["Hosts:0"]);
    }

    [Fact]
    public async Task A_change_arrives_live()
    {
        await using ConfigServerDouble server = await ConfigServerDouble.StartAsync(new() { ["welcome.subject"] = "Hello", ["gone"] = "soon" });
        await using WebApplication app = Build(server.Url);
        TaskCompletionSource reloaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable watch = ChangeToken.OnChange(((IConfiguration)app.Configuration).GetReloadToken, () => reloaded.TrySetResult());

        server.Change(new() { ["welcome.subject"] = "Good day" });

        await reloaded.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal("Good day", app.Configuration["Welcome:Subject"]);
        Assert.Null(app.Configuration["gone"]);
    }

    [Fact]
    public async Task A_service_starts_from_its_last_good_copy_while_the_server_is_away()
    {
        string url;
        await using (ConfigServerDouble server = await ConfigServerDouble.StartAsync(new() { ["welcome.subject"] = "Hello" }))
        {
            url = server.Url;
            await Build(url).DisposeAsync();
        }

        await using WebApplication app = Build(url);

        Assert.Equal("Hello", app.Configuration["Welcome:Subject"]);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder["data"], "configuration.json")));
    }

    [Fact]
    public async Task A_broken_copy_is_as_good_as_none()
    {
        Directory.CreateDirectory(_folder["data"]);
        await File.WriteAllTextAsync(Path.Combine(_folder["data"], "configuration.json"), "{\"half", Cancellation);

        await using WebApplication app = Build("http://127.0.0.1:1");

        Assert.Null(app.Configuration["Welcome:Subject"]);
    }

    [Fact]
    public async Task The_server_stands_above_the_files_and_below_the_command_line()
    {
        await File.WriteAllTextAsync(_folder["appsettings.json"], """{"low":"file","middle":"file"}""", Cancellation);
        await using ConfigServerDouble server = await ConfigServerDouble.StartAsync(new() { ["middle"] = "server", ["high"] = "server" });

        await using WebApplication app = Build(server.Url, "--high=command line");

        Assert.Equal("file", app.Configuration["low"]);
        Assert.Equal("server", app.Configuration["middle"]);
        Assert.Equal("command line", app.Configuration["high"]);
    }

    [Fact]
    public void An_address_that_is_none_is_named()
    {
        FormatException fault = Assert.Throws<FormatException>(() => Build("nowhere"));

        Assert.Contains("CONFIG_SERVER_URL", fault.Message, StringComparison.Ordinal);
    }

    private WebApplication Build(string url, params string[] arguments)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = _folder.Path,
            Args = ["--QUINTET_SERVICE=orders", $"--QUINTET_DATA={_folder["data"]}", $"--CONFIG_SERVER_URL={url}", .. arguments],
        });
        return builder.AddQuintet().Build();
    }
}
