using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Quintet.Client.Broker;
using Quintet.Client.Configuration;
using Quintet.Client.Consul;
using Quintet.Client.Supervisor;
using Quintet.Console.DeadLetters;
using Quintet.Console.Streams;
using RabbitMQ.Client.Exceptions;

namespace Quintet.Console.Parts;

/// <summary>The clients of the parts that the console was told of; null where it was not.</summary>
internal sealed class PartClients : IDisposable
{
    private readonly HttpClient? _registry;
    private readonly HttpClient? _configuration;

    public PartClients(IOptions<ConsoleOptions> options, TimeProvider time)
    {
        PartsOptions parts = options.Value.Parts;
        if (parts.Supervisor is { } supervisor) Supervisor = new SupervisorClient(supervisor, parts.SupervisorToken?.Reveal() ?? "");
        if (parts.Registry is { } registry)
        {
            _registry = ConsulClient.CreateHttp(registry.AbsoluteUri, parts.RegistryToken?.Reveal());
            Registry = new ConsulClient(_registry);
            Keys = new KeyDesk(Registry);
        }

        if (parts.Management is { } management) Broker = new ManagementClient(WithUser(management, parts.Broker?.Reveal()));
        if (parts.Broker is { } broker)
        {
            Letters = new LetterDesk(new Uri(broker.Reveal()));
            Streams = new StreamDesk(new Uri(broker.Reveal()), parts.Timeout, time);
        }

        if (parts.Configuration is not { } configuration) return;
        _configuration = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = configuration,
            Timeout = TimeSpan.FromSeconds(10),
        };
        if (parts.ConfigurationToken is { } token)
            _configuration.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Reveal());
        Configuration = new ConfigServerClient(_configuration);
        Files = new ConfigFileClient(_configuration);
    }

    public SupervisorClient? Supervisor { get; }

    public ConsulClient? Registry { get; }

    /// <summary>What looks into the registry's keys and changes them.</summary>
    public KeyDesk? Keys { get; }

    public ManagementClient? Broker { get; }

    /// <summary>What moves dead letters, over AMQP.</summary>
    public LetterDesk? Letters { get; }

    /// <summary>What reads streams, over AMQP.</summary>
    public StreamDesk? Streams { get; }

    public ConfigServerClient? Configuration { get; }

    public ConfigFileClient? Files { get; }

    /// <summary>Whether a part refused or could not be reached, as opposed to a fault of the console.</summary>
    public static bool IsOfPart(Exception fault) => fault is SupervisorException or ConsulException or BrokerApiException or ConfigServerException
        or HttpRequestException or BrokerUnreachableException or OperationInterruptedException or AlreadyClosedException;

    public void Dispose()
    {
        Supervisor?.Dispose();
        _registry?.Dispose();
        Broker?.Dispose();
        _configuration?.Dispose();
    }

    /// <summary>One user, both ports; its name stands in the AMQP address.</summary>
    private static Uri WithUser(Uri management, string? amqp)
    {
        if (amqp is null) return management;
        string[] user = new Uri(amqp).UserInfo.Split(':', 2);
        return new UriBuilder(management) { UserName = user[0], Password = user[^1] }.Uri;
    }
}
