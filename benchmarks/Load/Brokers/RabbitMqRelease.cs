using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;

namespace Quintet.Load.Brokers;

/// <summary>An installed RabbitMQ: how its server and its epmd are started.</summary>
/// <param name="Version">Of the package.</param>
/// <param name="Server">The server in the foreground; <c>{data}</c> stands for the data folder.</param>
/// <param name="Epmd">Erlang's port mapper in the foreground.</param>
internal sealed record RabbitMqRelease(string Version, string[] Server, string[] Epmd)
{
    private const string ServerScript = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    /// <summary>Debian bookworm's, as <c>apt-get install rabbitmq-server</c> leaves it.</summary>
    public static async Task<RabbitMqRelease> InstalledAsync(CancellationToken cancellation)
    {
        if (!File.Exists(ServerScript)) throw new FileNotFoundException("needs Debian's rabbitmq-server: apt-get install rabbitmq-server");
        string version = await OutputAsync(["dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server"], cancellation);
        return new RabbitMqRelease(Short(version), [ServerScript], ["epmd"]);
    }

    /// <summary>Debian trixie's, unpacked once into a folder; that takes a minute or two.</summary>
    public static async Task<RabbitMqRelease> UnpackedAsync(string folder, CancellationToken cancellation)
    {
        string script = Repository.At("benchmarks", "rabbitmq-4.sh");
        await OutputAsync([script, "unpack", folder], cancellation);
        string version = await OutputAsync([script, "version", folder], cancellation);
        return new RabbitMqRelease(Short(version), [script, "run", folder, "{data}"], ["chroot", folder, "epmd"]);
    }

    private static async Task<string> OutputAsync(string[] command, CancellationToken cancellation)
    {
        (int code, string output) = await ChildProcess.RunAsync(command[0], command[1..], cancellation);
        return code == 0 ? output.Trim() : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {code}: {output}");
    }

    // Without Debian's revision.
    private static string Short(string version) => version.Split('-')[0];
}
