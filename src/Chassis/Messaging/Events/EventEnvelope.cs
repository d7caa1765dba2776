using System.Net.Mime;
using System.Text.Json;
using CloudNative.CloudEvents;
using CloudNative.CloudEvents.SystemTextJson;

namespace Quintet.Chassis.Messaging.Events;

/// <summary>CloudEvents 1.0 in structured JSON mode (JSON Event Format §3).</summary>
internal static class EventEnvelope
{
    public const string ContentType = "application/cloudevents+json";

    /// <summary>As others see data: in snake_case.</summary>
    public static readonly JsonSerializerOptions DataOptions = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private static readonly JsonEventFormatter Formatter = new(DataOptions, default);

    /// <summary>The whole message for <paramref name="data"/>.</summary>
    public static byte[] Write(string id, string service, DateTimeOffset time, IPublishedEvent data, string type)
    {
        CloudEvent envelope = new(CloudEventsSpecVersion.V1_0)
        {
            Id = id,
            Type = type,
            Source = new Uri($"/{service}", UriKind.Relative),
            Subject = data.Subject,
            Time = time,
            DataContentType = MediaTypeNames.Application.Json,
            Data = JsonSerializer.SerializeToElement(data, data.GetType(), DataOptions),
        };
        return Formatter.EncodeStructuredModeMessage(envelope, out _).ToArray();
    }

    /// <summary>Reads a message; its data is read by <see cref="ReadData"/> once it is known to be new.</summary>
    /// <exception cref="RejectedEventException">It is no CloudEvent.</exception>
    public static CloudEvent Read(ReadOnlyMemory<byte> borrowedBody)
    {
        try
        {
            CloudEvent envelope = Formatter.DecodeStructuredModeMessage(borrowedBody, new ContentType(ContentType), null);
            if (envelope.Id is null) throw new RejectedEventException("the CloudEvent has no id");
            return envelope;
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException or FormatException or InvalidOperationException)
        {
            throw new RejectedEventException($"the message is no CloudEvent in structured JSON: {fault.Message}", fault);
        }
    }

    /// <exception cref="RejectedEventException">The data does not have the form of <typeparamref name="TEvent"/>.</exception>
    public static TEvent ReadData<TEvent>(CloudEvent envelope)
        where TEvent : IEvent
    {
        try
        {
            TEvent? data = envelope.Data is JsonElement json ? json.Deserialize<TEvent>(DataOptions) : default;
            return data ?? throw new RejectedEventException($"the event {envelope.Id} has no JSON data");
        }
        catch (JsonException fault)
        {
            throw new RejectedEventException($"the data of event {envelope.Id} is not a {typeof(TEvent).Name}: {fault.Message}", fault);
        }
    }
}
