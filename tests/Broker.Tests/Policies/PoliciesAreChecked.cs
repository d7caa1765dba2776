using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Quintet.Broker.Policies;
using Quintet.Broker.Tests.Systems;
using Xunit;

namespace Quintet.Broker.Tests.Policies;

/// <summary>Refusals in the words that a RabbitMQ answered with.</summary>
public class PoliciesAreChecked
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("{}", "[{key_missing,pattern},{key_missing,definition}]")]
    [InlineData("{bad", "not_json")]
    [InlineData("[]", "not_json")]
    [InlineData("""{"pattern":"^a","definition":{}}""", "Validation failed\n\nno policy provided\n")]
    [InlineData("""{"pattern":"^a","definition":{"bogus":"text","b2":{"x":1}}}""",
        "Validation failed\n\n[{&lt;&lt;\"b2\"&gt;&gt;,#{&lt;&lt;\"x\"&gt;&gt; =&gt; 1}},{&lt;&lt;\"bogus\"&gt;&gt;,&lt;&lt;\"text\"&gt;&gt;}] "
        + "are not recognised policy settings\n")]
    [InlineData("""{"pattern":"^a(","definition":{"max-length":1}}""",
        "Validation failed\n\npattern should be regular expression but is invalid: {\"missing )\",3}\n")]
    [InlineData("""{"pattern":"^a","definition":{"max-length":-1}}""", "Validation failed\n\n-1 is not a valid maximum length\n")]
    [InlineData("""{"pattern":"^a","definition":{"max-length":1.5}}""", "Validation failed\n\n1.5 is not a valid maximum length\n")]
    [InlineData("""{"pattern":"^a","definition":{"max-length":1e30}}""", "Validation failed\n\n1.0e30 is not a valid maximum length\n")]
    [InlineData("""{"pattern":"^a","definition":{"overflow":"x"}}""", "Validation failed\n\n&lt;&lt;\"x\"&gt;&gt; is not a valid overflow value\n")]
    [InlineData("""{"pattern":"^a","definition":{"dead-letter-routing-key":null}}""", "Validation failed\n\nnull is not a valid dead letter routing key\n")]
    [InlineData("""{"pattern":"^a","definition":{"max-length":1},"priority":"x"}""",
        "Validation failed\n\npriority should be a number, actually was &lt;&lt;\"x\"&gt;&gt;\n")]
    [InlineData("""{"pattern":1,"definition":{"max-length":1}}""", "Validation failed\n\npattern should be a binary but was 1\n")]
    public async Task A_bad_policy_is_refused_in_RabbitMQs_words(string body, string reason)
    {
        await using RunningBroker broker = await RunningBroker.StartAsync();
        using HttpClient http = broker.Management();

        HttpResponseMessage answer = await http.PutAsync("/api/policies/%2F/p", new StringContent(body, Encoding.UTF8, "application/json"), Stop);
        JsonElement shown = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop)).RootElement;

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(("bad_request", reason), (shown.GetProperty("error").GetString(), shown.GetProperty("reason").GetString()));
    }

    [Fact]
    public void An_operator_policy_gives_only_what_bounds()
    {
        JsonElement body = JsonDocument.Parse("""{"pattern":"^a","definition":{"max-length":5,"dead-letter-exchange":"x"}}""").RootElement;

        Assert.False(PolicyRules.TryRead(new PolicyKey("/", "o", IsOperator: true), body, out _, out string? fault));
        Assert.Equal("Validation failed\n\n[{<<\"dead-letter-exchange\">>,<<\"x\">>}] are not recognised policy settings\n", fault);
    }

    [Theory]
    [InlineData("^(a+)+$")]
    [InlineData("^(?=(a+)+$)b")] // look-ahead: cannot be run in linear time
    public void A_hostile_pattern_hangs_nothing(string pattern)
    {
        Policy policy = new(new PolicyKey("/", "p", IsOperator: false), pattern, []);
        string name = new string('a', 60) + "!";
        long started = Stopwatch.GetTimestamp();

        for (int round = 0; round < 1000; round++) Assert.False(policy.Covers(new PolicyTarget(IsQueue: true, "classic", name)));

        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20)); // a thousand times the limit of one match would be 500 s
    }
}
