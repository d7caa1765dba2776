using System.Net;
using System.Text;
using System.Text.Json;
using Quintet.Broker.Tests.People;
using Quintet.Broker.Tests.Systems;
using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Management;

public sealed class ParametersAreKept
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_global_parameter_outlives_the_broker_and_travels_with_the_definitions()
    {
        using TempFolder folder = new();
        string definitions;
        await using (RunningBroker first = await RunningBroker.StartOverAsync(folder["first"]))
        {
            using HttpClient http = first.Management();
            await http.SendAsync(HttpStatusCode.Created, "PUT", "global-parameters/greeting", """{"value":{"en":["hello",1.5,null,true]}}""");
            await http.SendAsync(HttpStatusCode.NoContent, "PUT", "cluster-name", """{"name":"shop@here"}""");
            definitions = await http.SendAsync(HttpStatusCode.OK, "GET", "definitions");
        }

        await using RunningBroker again = await RunningBroker.StartOverAsync(folder["first"]), other = await RunningBroker.StartAsync();
        using HttpClient atOther = other.Management();
        await atOther.SendAsync(HttpStatusCode.NoContent, "POST", "definitions", definitions);

        foreach (RunningBroker broker in (RunningBroker[])[again, other])
        {
            using HttpClient http = broker.Management();
            Assert.Equal("""{"en":["hello",1.5,null,true]}""", (await http.JsonAsync("global-parameters/greeting")).GetProperty("value").GetRawText());
            Assert.Equal("shop@here", (await http.JsonAsync("overview")).GetProperty("cluster_name").GetString());
            await using IConnection connection = await broker.ConnectAsync();
            Assert.Equal("shop@here", Encoding.UTF8.GetString((byte[])connection.ServerProperties!["cluster_name"]!));
        }
    }

    [Fact]
    public async Task There_are_no_more_global_parameters_than_the_limit()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:Limits:GlobalParameters", "1"));
        using HttpClient http = broker.Management();
        await http.SendAsync(HttpStatusCode.Created, "PUT", "global-parameters/one", new { value = 1 });

        Assert.Contains("limit of 1", await http.RefusedAsync("PUT", "global-parameters/two", new { value = 2 }));
        Assert.Contains("the limit is 1", await http.RefusedAsync("POST", "definitions", """{"global_parameters":[{"name":"two","value":2}]}"""));
        await http.SendAsync(HttpStatusCode.NoContent, "PUT", "global-parameters/one", new { value = 3 });
        Assert.Single((await http.JsonAsync("global-parameters")).EnumerateArray());
    }

    [Fact]
    public async Task Limits_and_operator_policies_are_parameters_too()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await http.SendAsync(HttpStatusCode.Created, "PUT", "parameters/vhost-limits/%2F/limits", """{"value":{"max-queues":2,"max-connections":-1}}""");
        await http.SendAsync(HttpStatusCode.Created, "PUT", "parameters/operator_policy/%2F/cap",
            """{"value":{"pattern":"^q","definition":{"max-length":7},"apply-to":"queues","priority":1}}""");
        await http.SendAsync(HttpStatusCode.Created, "PUT", "queues/%2F/q", "{}");

        Assert.Equal(2, (await http.JsonAsync("parameters")).GetArrayLength());
        Assert.Equal("""[{"vhost":"/","value":{"max-queues":2}}]""", (await http.JsonAsync("vhost-limits")).GetRawText());
        Assert.Equal("cap", (await http.JsonAsync("queues/%2F/q")).GetProperty("operator_policy").GetString());
        await http.SendAsync(HttpStatusCode.NoContent, "DELETE", "parameters/operator_policy/%2F/cap");
        await http.SendAsync(HttpStatusCode.NoContent, "DELETE", "parameters/vhost-limits/%2F/limits");
        Assert.Equal(0, (await http.JsonAsync("parameters")).GetArrayLength());
        Assert.Equal(JsonValueKind.Null, (await http.JsonAsync("queues/%2F/q")).GetProperty("operator_policy").ValueKind);
    }

    [Fact]
    public async Task An_exchange_counts_what_comes_in_and_how_often_a_queue_takes_it()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync(("Broker:RatesInterval", "00:00:01"));
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true), Stop);
        foreach (string queue in (string[])["a", "b"])
        {
            await channel.QueueDeclareAsync(queue, cancellationToken: Stop);
            await channel.QueueBindAsync(queue, "amq.fanout", "", cancellationToken: Stop);
        }

        using HttpClient http = broker.Management();
        await Eventually.TrueAsync("a rate is seen", async () =>
        {
            await channel.BasicPublishAsync("amq.fanout", "", false, "x"u8.ToArray(), Stop);
            JsonElement stats = (await http.JsonAsync("exchanges/%2F/amq.fanout")).GetProperty("message_stats");
            Assert.Equal(2 * stats.GetProperty("publish_in").GetInt64(), stats.GetProperty("publish_out").GetInt64());
            return stats.GetProperty("publish_in_details").GetProperty("rate").GetDouble() > 0;
        }, Stop);
    }

    [Fact]
    public async Task The_management_API_answers_over_TLS_on_a_port_of_its_own()
    {
        using TempFolder folder = new();
        using TestAuthority authority = new(folder);
        authority.WriteServer("server.pem", "localhost");
        await using RunningBroker broker = await RunningBroker.StartAsync(
            ("Broker:Tls:Port", "0"), ("Broker:Tls:ManagementPort", "0"), ("Broker:Tls:Certificate", folder["server.pem"]));
        using SocketsHttpHandler handler = new();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => authority.Signed(shown);
        using HttpClient secure = new(handler) { BaseAddress = new Uri($"https://localhost:{broker.Ports.ManagementTls}") };
        secure.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String("guest:guest"u8));

        JsonElement listeners = (await secure.JsonAsync("overview")).GetProperty("listeners");

        Assert.Equal(
            [
                ("amqp", broker.Ports.Amqp), ("amqp/ssl", broker.Ports.AmqpTls!.Value), ("http", broker.Ports.Management),
                ("https", broker.Ports.ManagementTls!.Value),
            ],
            listeners.EnumerateArray().Select(listener => (listener.GetProperty("protocol").GetString()!, listener.GetProperty("port").GetInt32())).Distinct());
        await secure.JsonAsync("health/checks/certificate-expiration/1/weeks");
        await secure.JsonAsync("health/checks/certificate-expiration/1/years", HttpStatusCode.ServiceUnavailable);
    }
}
