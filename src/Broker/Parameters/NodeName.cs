namespace Quintet.Broker.Parameters;

/// <summary>What this node is called in RabbitMQ's answers.</summary>
internal static class NodeName
{
    /// <summary>Of RabbitMQ's form, <c>rabbit@</c> and the host's short name: scripts put it together from the host's name.</summary>
    public static readonly string Own = $"rabbit@{Environment.MachineName.Split('.')[0]}";
}
