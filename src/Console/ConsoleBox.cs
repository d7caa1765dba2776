using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Quintet.Hosting;
using Quintet.Hosting.Health;
using Quintet.Hosting.Listening;
using Quintet.Hosting.Settings;

namespace Quintet.Console;

/// <summary>The console: the whole system, seen live.</summary>
public static class ConsoleBox
{
    /// <summary>An unstarted console with the options of section <c>Console</c>.</summary>
    /// <exception cref="OptionsValidationException">Options are faulty; it names every one.</exception>
    public static WebApplication Build(BoxSettings settings)
    {
        WebApplicationBuilder builder = BoxHost.CreateBuilder("console", settings);
        builder.Services.AddValidatedOptions<ConsoleOptions>(builder.Configuration, ConsoleOptions.Section);
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ConsoleOptions>>(
            (kestrel, console) => kestrel.ListenOn(console.Value.Bind, console.Value.Port));

        WebApplication app = builder.Build();
        app.MapQuintetHealth();
        return app;
    }
}
