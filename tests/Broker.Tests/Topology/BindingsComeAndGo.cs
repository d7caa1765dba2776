using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Tests.Systems;
using Quintet.Broker.Topology;
using Xunit;

namespace Quintet.Broker.Tests.Topology;

public class BindingsComeAndGo
{
    [Theory]
    [InlineData("direct")]
    [InlineData("fanout")]
    [InlineData("topic")]
    [InlineData("headers")]
    public async Task Whatever_is_bound_and_unbound_a_message_goes_where_some_binding_still_leads(string type)
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        await using RunningBroker broker = await RunningBroker.StartAsync();
        VirtualHost vhost = broker.Part<BrokerNode>().FindVhost("/")!;
        _ = vhost.DeclareExchange(new ExchangeSettings { Vhost = "/", Name = "e", Type = type });
        Exchange exchange = vhost.GetExchange("e");
        Queue[] queues = [.. Enumerable.Range(0, 4).Select(number =>
            vhost.DeclareQueue(new QueueSettings { Vhost = "/", Name = $"q{number}" }, this, out _))];
        HashSet<(int Queue, string Key, int Argument)> bound = [];

        for (int step = 0; step < 2000; step++)
        {
            (int Queue, string Key, int Argument) at = (random.Next(4), $"k{random.Next(2)}", random.Next(2));
            Binding binding = new(exchange, new Destination(queues[at.Queue], null), at.Key, new FieldTable { { "a", FieldValue.Of(at.Argument) } });
            if (random.Next(2) == 0)
            {
                _ = vhost.Bind(binding);
                bound.Add(at);
            }
            else
            {
                _ = vhost.Unbind(exchange, binding.Key);
                bound.Remove(at);
            }

            (string key, int argument) = ($"k{random.Next(2)}", random.Next(2));
            byte[] headers = FieldTableWriter.Encode(new FieldTable { { "a", FieldValue.Of(argument) } })[4..];
            RouteResult result = new();
            bool isMatched = exchange.Route(new RoutedMessage(key, headers, []), result);
            IEnumerable<int> expected = bound.Where(one => type == "fanout" || (type == "headers" ? one.Argument == argument : one.Key == key))
                .Select(one => one.Queue).Distinct().Order();
            Assert.Equal(expected, result.Queues.Select(queue => Array.IndexOf(queues, queue)).Order());
            Assert.Equal(result.Queues.Count > 0, isMatched);
        }
    }
}
