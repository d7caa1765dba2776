namespace Quintet.Broker.Storage;

/// <summary>A message a queue still held when the process ended. Whether it had been delivered is only known by <paramref name="DeliveryCount"/>.</summary>
internal readonly record struct RecoveredMessage(MessageRef Ref, MessageStamp Stamp, ushort DeliveryCount, int EnvelopeBytes, int BodyBytes);
