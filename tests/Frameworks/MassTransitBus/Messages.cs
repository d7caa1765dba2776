namespace Quintet.Frameworks.MassTransitBus;

public sealed record OrderPlaced(int Number);

public sealed record PriceAsked(int Number);

public sealed record PriceGiven(int Number, decimal Price);
