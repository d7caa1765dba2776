namespace Quintet.Broker.Handshakes;

/// <summary>A way to log in, as connection.start offers it.</summary>
internal sealed record Mechanism(string Name, string Description)
{
    private static readonly Mechanism Plain = new("PLAIN", "SASL PLAIN authentication mechanism");
    private static readonly Mechanism AmqPlain = new("AMQPLAIN", "QPid AMQPLAIN mechanism");
    private static readonly Mechanism External = new("EXTERNAL", "TLS peer verification based authentication plugin");

    /// <summary>In the order of the offer.</summary>
    public static IReadOnlyList<Mechanism> Offered(bool withExternal) => withExternal ? [Plain, AmqPlain, External] : [Plain, AmqPlain];
}
