using Microsoft.AspNetCore.Builder;
using Quintet.Hosting.Settings;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace Quintet.Console.Tests;

/// <summary>The test program, which is also the console that a test kills: a process of its own, told by its environment.</summary>
internal static class Program
{
    public const string AsConsole = "QUINTET_TEST_RUN_CONSOLE";

    public static async Task<int> Main(string[] arguments)
    {
        if (Environment.GetEnvironmentVariable(AsConsole) is not null)
        {
            await using WebApplication console = ConsoleBox.Build(BoxSettings.Empty);
            await console.RunAsync();
            return 0;
        }

        // As the entry point that xUnit generates.
        return arguments.Any(argument => argument is "--server" or "--internal-msbuild-node")
            ? await TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
            : await ConsoleRunner.Run(arguments);
    }
}
