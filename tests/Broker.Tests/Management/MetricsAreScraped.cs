using Quintet.Broker.Management.Metrics;
using Quintet.Broker.Tests.Systems;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Management;

public class MetricsAreScraped
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_need_no_credential_and_count_what_happened()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient nobody = broker.Management(user: null);
        await using IConnection connection = await broker.ConnectAsync();
        await using IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("a\"b", ("x-queue-type", "quorum"));
        for (int number = 0; number < 3; number++) await channel.SendAsync("a\"b", "x");
        await channel.TakeAsync("a\"b");

        HttpResponseMessage answer = await nobody.GetAsync("/metrics", Stop);
        string[] lines = (await answer.Content.ReadAsStringAsync(Stop)).Split('\n');
        string[] each = (await nobody.GetStringAsync("/metrics/per-object", Stop)).Split('\n');
        string[] detailed = (await nobody.GetStringAsync("/metrics/detailed?family=queue_coarse_metrics&vhost=%2F", Stop)).Split('\n');

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Contains("rabbitmq_queue_messages_ready 2", lines);
        Assert.Contains("rabbitmq_connections 1", lines);
        Assert.Contains("rabbitmq_global_messages_received_total{protocol=\"amqp091\"} 3", lines);
        Assert.Contains("rabbitmq_global_messages_delivered_get_auto_ack_total{protocol=\"amqp091\",queue_type=\"rabbit_quorum_queue\"} 1", lines);
        Assert.Contains("rabbitmq_alarms_free_disk_space_watermark 0", lines);
        Assert.Contains("rabbitmq_queue_messages_ready{vhost=\"/\",queue=\"a\\\"b\"} 2", each);
        Assert.Contains("rabbitmq_detailed_queue_messages{vhost=\"/\",queue=\"a\\\"b\"} 2", detailed);
        Assert.DoesNotContain(detailed, line => line.Contains("queue_consumers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Totals_do_not_go_back_when_queues_and_channels_are_gone()
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();
        await using IConnection connection = await broker.ConnectAsync();
        IChannel channel = await connection.ConfirmingAsync();
        await channel.QueueAsync("q");
        await channel.SendAsync("q", "x");
        await channel.TakeAsync("q");
        await channel.QueueDeleteAsync("q", cancellationToken: Stop);
        await channel.CloseAsync(Stop);

        string[] lines = (await http.GetStringAsync("/metrics", Stop)).Split('\n');

        Assert.Contains("rabbitmq_global_messages_received_total{protocol=\"amqp091\"} 1", lines);
        Assert.Contains("rabbitmq_global_messages_delivered_total{protocol=\"amqp091\",queue_type=\"rabbit_classic_queue\"} 1", lines);
        Assert.Contains("rabbitmq_queues_deleted_total 1", lines);
    }

    [Fact]
    public void A_name_cannot_end_its_label()
    {
        PrometheusText text = new("p_");
        text.Begin("m", "gauge", "help");
        text.Sample(1.5, ("queue", "a\"\\\nb"));

        Assert.Equal("# TYPE p_m gauge\n# HELP p_m help\np_m{queue=\"a\\\"\\\\\\nb\"} 1.5\n", text.ToString());
    }
}
