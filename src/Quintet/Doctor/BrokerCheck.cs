using System.Text;
using Quintet.Client.Broker;
using Quintet.Engines;
using Quintet.Manifest;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Credentials = Quintet.Supervision.Plan.Credentials;

namespace Quintet.Doctor;

/// <summary>A RabbitMQ: each service's account logs in and may do what the chassis does at its start; nothing of it stays.</summary>
internal sealed class BrokerCheck(Findings findings, SystemManifest manifest, Credentials credentials, EngineAccounts accounts, Secrets secrets)
{
    private const string Check = "broker";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task LookAsync(CancellationToken cancellation)
    {
        foreach (ServiceManifest service in manifest.Services)
            if (!await AccountAsync(service, cancellation)) return; // the others would say the same
        if (Environment.GetEnvironmentVariable(Credentials.BrokerUserVariable) is not null) await AsAdministratorAsync(cancellation);
    }

    /// <returns>Whether the broker could be reached.</returns>
    private async Task<bool> AccountAsync(ServiceManifest service, CancellationToken cancellation)
    {
        Uri url = new(credentials.AmqpUrl(service.Name));
        ConnectionFactory factory = new()
        {
            Uri = url, AutomaticRecoveryEnabled = false, ClientProvidedName = "quintet doctor",
            RequestedConnectionTimeout = Patience, HandshakeContinuationTimeout = Patience, ContinuationTimeout = Patience,
        };
        string user = Uri.UnescapeDataString(url.UserInfo.Split(':')[0]);
        try
        {
            await using IConnection connection = await factory.CreateConnectionAsync(cancellation);
            string version = Text(connection, "version");
            if (!EngineVersion.IsEnough(version, EngineVersion.RabbitLeast) && Text(connection, "product") == "RabbitMQ")
                findings.Fault(Check, $"RabbitMQ is {version}", $"upgrade it to {EngineVersion.RabbitLeast} or later");
            await using IChannel channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
            await UseAsync(channel, service, cancellation);
            findings.Ok(Check, $"{service.Name} logs in to {Text(connection, "product")} {version} as {user} and may publish and bind what it declares");
            return true;
        }
        catch (BrokerUnreachableException away)
        {
            bool isRefused = away.InnerException is AuthenticationFailureException or PossibleAuthenticationFailureException;
            if (isRefused) findings.Fault(Check, $"{service.Name}: {user} cannot log in at {url.Authority}", "run 'quintet engines apply'");
            else findings.Fault(Check, $"{url.Authority} does not answer", "start RabbitMQ, or correct engines.broker");
            return isRefused;
        }
        catch (OperationInterruptedException refused)
        {
            findings.Fault(Check, $"{service.Name}: {refused.ShutdownReason?.ReplyText ?? refused.Message}", "run 'quintet engines apply'");
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            findings.Fault(Check, $"{url.Authority} took longer than {Patience.TotalSeconds:0} s", "look at RabbitMQ's log and its alarms");
            return false;
        }
    }

    /// <summary>
    /// The exchange is there, a queue of the service's own can be declared, which ends with the connection, and the service's events may be
    /// published and bound. Nobody sees an event or a binding: what is published in a transaction is rolled back, and RabbitMQ asks for the
    /// same right to take away a binding, there or not, as to make it.
    /// </summary>
    private static async Task UseAsync(IChannel channel, ServiceManifest service, CancellationToken cancellation)
    {
        await channel.ExchangeDeclarePassiveAsync(BrokerRights.Exchange, cancellation);
        string queue = $"{service.Name}.doctor.{Guid.NewGuid():N}";
        await channel.QueueDeclareAsync(queue, durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellation);
        foreach (string type in service.Subscribes)
            await channel.QueueUnbindAsync(queue, BrokerRights.Exchange, type, cancellationToken: cancellation);
        await channel.TxSelectAsync(cancellation);
        foreach (string type in service.Publishes)
            await channel.BasicPublishAsync(BrokerRights.Exchange, type, ReadOnlyMemory<byte>.Empty, cancellation);
        await channel.TxRollbackAsync(cancellation);
    }

    /// <summary>Clusters that were upgraded may have left the kinds of queues that are needed out of use; and rights may have been changed since.</summary>
    private async Task AsAdministratorAsync(CancellationToken cancellation)
    {
        string[] needed = manifest.History is null ? ["quorum_queue"] : ["quorum_queue", "stream_queue"];
        try
        {
            using ManagementClient client = BrokerSetup.Connect(manifest.Engines);
            List<FeatureFlagInfo> flags = await client.FeatureFlagsAsync(cancellation);
            foreach (FeatureFlagInfo flag in flags.Where(f => needed.Contains(f.Name) && f.State != "enabled"))
                findings.Fault(Check, $"the feature {flag.Name} is {flag.State}", $"run 'rabbitmqctl enable_feature_flag {flag.Name}'");
            findings.Ok(Check, $"the management API answers at {Endpoints.Text(manifest.Engines.ManagementOfBroker)}");
            if (accounts.HasBroker) await new BrokerSetup(manifest, secrets, findings.Missing(), TimeProvider.System).ApplyAsync(cancellation);
        }
        catch (BrokerApiException fault)
        {
            findings.Warn(Check, fault.Message, "'quintet engines apply' needs the management plugin and an administrator; correct engines.management");
        }
    }

    private static string Text(IConnection connection, string property) =>
        connection.ServerProperties?.TryGetValue(property, out object? value) == true && value is byte[] text ? Encoding.UTF8.GetString(text) : "";
}
