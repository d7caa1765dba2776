using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.Chassis.Messaging.Events;
using Quintet.TestKit.Contracts;
using Xunit;

namespace Quintet.Notifications.Tests.Contracts;

/// <summary>What others rely on: the events this service writes and reads, and its HTTP interface.</summary>
public sealed class PublishedContractTests
{
    public static TheoryData<string> Published => [.. Events(isPublished: true).Select(type => type.FullName!)];

    public static TheoryData<string> Consumed => [.. Events(isPublished: false).Select(type => type.FullName!)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Published))]
    public void A_published_event_is_what_its_schema_and_its_golden_example_say(string type) => EventContract.HoldsForPublisher(TypeOf(type));

    [Theory]
    [MemberData(nameof(Consumed))]
    public void A_consumed_event_is_read_as_promised_and_may_grow(string type) => EventContract.HoldsForConsumer(TypeOf(type));

    [Fact]
    public async Task The_open_api_document_is_the_published_one()
    {
        await using RunningNotifications notifications = new(null);
        await notifications.InitializeAsync();
        JsonNode document = JsonNode.Parse(await notifications.Client.GetStringAsync("/openapi/v1.json", Cancellation))!;
        document.AsObject().Remove("servers"); // where this test happens to run

        JsonSerializerOptions readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        GoldenFile.Holds("docs/protocols/openapi/notifications.json", document.ToJsonString(readable) + "\n");
    }

    private static IEnumerable<Type> Events(bool isPublished) => typeof(NotificationsDb).Assembly.GetTypes()
        .Where(type => type.IsAssignableTo(typeof(IEvent)) && type.IsAssignableTo(typeof(IPublishedEvent)) == isPublished);

    private static Type TypeOf(string name) => typeof(NotificationsDb).Assembly.GetType(name, throwOnError: true)!;
}
