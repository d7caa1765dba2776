using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Console.Access;
using Quintet.Console.Assets;
using Quintet.Console.Jobs;
using Quintet.Console.Logins;
using Quintet.Console.Map;
using Quintet.Console.Pages;
using Quintet.Console.Parts;
using Quintet.Console.Records;
using Quintet.Console.Stories;
using Quintet.Console.Telemetry;
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
    public static WebApplication Build(BoxSettings settings) => Build(settings, static _ => { });

    /// <summary>As <see cref="Build(BoxSettings)"/>; tests replace the clock.</summary>
    internal static WebApplication Build(BoxSettings settings, Action<IServiceCollection> replace)
    {
        WebApplicationBuilder builder = BoxHost.CreateBuilder("console", settings);
        builder.Services.AddValidatedOptions<ConsoleOptions>(builder.Configuration, ConsoleOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<ConsoleOptions>, AccessRules>();
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ConsoleOptions>>(
            (kestrel, console) => kestrel.ListenOn(console.Value.Bind, console.Value.Port));
        builder.Services.AddConsoleRecords().AddConsoleAccess().AddLogins().AddConsoleParts().AddConsolePages().AddTelemetryStore();
        builder.Services.AddSingleton<StoryTeller>().AddSingleton<Payloads>().AddSingleton<LetterWorks>().AddSingleton<MapReader>();
        // The keys lie in a folder that only its owner may enter; a second lock whose key lies beside it would be none.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        replace(builder.Services);

        WebApplication app = builder.Build();
        app.UseRouting();
        app.MapTelemetry().MapSystemMap();
        app.UseConsoleAccess();
        RouteGroupBuilder open = app.MapGroup("");
        open.AllowAnonymous();
        open.MapQuintetHealth();
        open.MapAssets();
        open.MapLogin();
        app.MapApi();
        app.MapPages();
        return app;
    }
}
