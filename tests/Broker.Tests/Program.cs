using System.Globalization;
using Quintet.Broker.Tests;
using Quintet.Broker.Tests.Hosts;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

// As a test asks it to, the program is a broker that will be killed; else it runs the tests, as xunit's own entry point does.
if (args is [BrokerHost.Argument, string folder, string parent])
    return await BrokerHost.RunAsync(folder, int.Parse(parent, CultureInfo.InvariantCulture));
return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
    ? await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await ConsoleRunner.Run(args);
