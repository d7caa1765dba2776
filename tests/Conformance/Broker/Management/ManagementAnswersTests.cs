using Quintet.TestKit.Systems;
using Xunit;

namespace Quintet.Conformance.Broker.Management;

/// <summary>
/// The broker and a RabbitMQ are set up alike and asked the same; statuses, words of refusals, and members with their kinds are compared.
/// RabbitMQ is Debian's (3.10.8), the broker emulates 4.0.5: what differs, by version or on purpose, is listed with its reason.
/// </summary>
public sealed class ManagementAnswersTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_management_API_answers_as_RabbitMQ_does_but_for_what_is_listed()
    {
        await using RabbitProcess rabbit = await RabbitProcess.StartAsync(Cancellation);
        await using BoxProcess box = await BoxProcess.StartAsync("broker", Cancellation);
        await using AskedBroker theirs = await AskedBroker.SetUpAsync(rabbit.Port, rabbit.ManagementPort);
        await using AskedBroker ours = await AskedBroker.SetUpAsync(box.Port, box.ManagementPort);
        ListedDifferences listed = ListedDifferences.Read("differences.txt");
        List<string> unlisted = [];

        foreach (Request request in Request.ReadAll())
        {
            Answer here = await ours.AskAsync(request), there = await theirs.AskAsync(request);
            foreach (string difference in Comparison.Differences(here, there))
                if (!listed.IsListed(request.Line, difference)) unlisted.Add($"{request.Line} | {difference}");
        }

        Assert.True(unlisted.Count == 0, $"not listed in differences.txt:\n{string.Join('\n', unlisted)}");
        Assert.True(!listed.Vanished.Any(), $"listed in differences.txt, and no difference any more:\n{string.Join('\n', listed.Vanished)}");
    }
}
