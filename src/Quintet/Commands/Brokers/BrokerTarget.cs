using System.CommandLine;
using Quintet.Client.Broker;
using Quintet.Client.Supervisor;
using Quintet.Terminal;
using RabbitMQ.Client;

namespace Quintet.Commands.Brokers;

/// <summary>Which broker a command looks into: the one of the current system, or any RabbitMQ by its URLs.</summary>
internal sealed class BrokerTarget
{
    private readonly Option<string?> _url = new("--url")
    {
        Description = "The management API: http://user:password@host:15672. Default: that of the running system.",
        HelpName = "url",
    };
    private readonly Option<string?> _amqp = new("--amqp")
    {
        Description = "AMQP, where messages are moved: amqp://user:password@host:5672. Default: user and host of --url, port 5672.",
        HelpName = "url",
    };
    private readonly Option<string> _vhost = new("--vhost")
    {
        Description = "The virtual host.",
        HelpName = "name",
        DefaultValueFactory = _ => "/",
    };
    private readonly SystemOptions _system;

    private BrokerTarget(SystemOptions system) => _system = system;

    /// <param name="command">The command.</param>
    /// <param name="hasVhost">Whether it works within one virtual host.</param>
    /// <param name="hasAmqp">Whether it moves messages.</param>
    public static BrokerTarget AddTo(Command command, bool hasVhost = false, bool hasAmqp = false)
    {
        BrokerTarget target = new(SystemOptions.AddTo(command));
        command.Options.Add(target._url);
        if (hasAmqp) command.Options.Add(target._amqp);
        if (hasVhost) command.Options.Add(target._vhost);
        return target;
    }

    public bool IsJson(ParseResult line) => _system.IsJson(line);

    public string Vhost(ParseResult line) => line.GetValue(_vhost) ?? "/";

    public async Task<ManagementClient> ManagementAsync(ParseResult line, CancellationToken cancellation)
    {
        if (line.GetValue(_url) is { } url) return new ManagementClient(Parse("--url", url, "http", "https"));
        IReadOnlyDictionary<string, string> variables = await SystemAsync(line, cancellation);
        return new ManagementClient(WithUserOf(new Uri(variables["AMQP_URL"]), variables["RABBITMQ_MANAGEMENT_URL"]));
    }

    public async Task<IConnection> AmqpAsync(ParseResult line, CancellationToken cancellation)
    {
        Uri url = line.GetValue(_amqp) is { } amqp ? Parse("--amqp", amqp, "amqp", "amqps")
            : line.GetValue(_url) is { } management ? AmqpOf(Parse("--url", management, "http", "https"))
            : new Uri((await SystemAsync(line, cancellation))["AMQP_URL"]);
        ConnectionFactory factory = new() { Uri = url, AutomaticRecoveryEnabled = false, ClientProvidedName = "quintet broker", VirtualHost = Vhost(line) };
        return await factory.CreateConnectionAsync(cancellation);
    }

    public static Uri Parse(string option, string text, params string[] schemes) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && schemes.Contains(url.Scheme)
            ? url
            : throw new CommandException(ExitCode.Usage, $"{option}: this is no address that begins with {string.Join(":// or ", schemes)}://");

    // One user, both ports: the system names its operator in the AMQP URL alone.
    private static Uri WithUserOf(Uri amqp, string management) =>
        new UriBuilder(management) { UserName = amqp.UserInfo.Split(':')[0], Password = amqp.UserInfo.Split(':')[^1] }.Uri;

    private static Uri AmqpOf(Uri management) =>
        new($"amqp://{(management.UserInfo.Length == 0 ? "guest:guest" : management.UserInfo)}@{management.Host}:5672/");

    private async Task<IReadOnlyDictionary<string, string>> SystemAsync(ParseResult line, CancellationToken cancellation)
    {
        using SupervisorClient client = _system.Connect(line);
        return await client.EnvironmentAsync(cancellation);
    }
}
