using Quintet.Chassis.Messaging.Events;
using Quintet.TestKit.Contracts;
using Xunit;

namespace Quintet.Users.Tests.Contracts;

/// <summary>What others rely on: the events this service writes and reads, and its HTTP interface.</summary>
public sealed class PublishedContractTests(RunningUsers.OnSqlite users) : IClassFixture<RunningUsers.OnSqlite>
{
    [Fact]
    public void Its_events_are_what_schemas_and_golden_examples_say() =>
        EventContract.Holds(typeof(UsersDb).Assembly, typeof(IEvent), typeof(IPublishedEvent));

    [Fact]
    public async Task The_open_api_document_is_the_published_one()
    {
        await users.StartAsync();

        GoldenFile.HoldsOpenApi(
            "docs/protocols/openapi/users.json", await users.Client.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken));
    }
}
