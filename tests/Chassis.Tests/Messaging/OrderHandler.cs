using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Chassis.Messaging;
using Quintet.Chassis.Messaging.Events;
using Quintet.Chassis.Tests.Orders;

namespace Quintet.Chassis.Tests.Messaging;

/// <summary>An event as a consumer reads it.</summary>
public sealed record OrderSeen(long Id) : IEvent
{
    public static string EventType => "orders.order-placed";
}

/// <summary>What a test's handler does, and what it saw.</summary>
internal sealed class HandlerScript
{
    public ConcurrentQueue<(string EventId, long OrderId, string? TraceId)> Handled { get; } = [];

    /// <summary>Called before the effect; an exception is the handler's.</summary>
    public Action<int> Before { get; set; } = _ => { };

    /// <summary>The number of the row that is the effect.</summary>
    public Func<long, string> NumberOf { get; set; } = id => $"seen-{id}";
}

/// <summary>Its effect is a row. Numbers are unique: an effect applied twice fails, unless the script gives each a number of its own.</summary>
internal sealed class OrderHandler(OrdersDb db, HandlerScript script) : IEventHandler<OrderSeen>
{
    public Task HandleAsync(ReceivedEvent<OrderSeen> received, CancellationToken cancellationToken)
    {
        script.Handled.Enqueue((received.Id, received.Data.Id, System.Diagnostics.Activity.Current?.TraceId.ToHexString()));
        script.Before(script.Handled.Count);
        db.Add(new Order { Number = script.NumberOf(received.Data.Id) });
        return Task.CompletedTask;
    }

    public static void Add(WebApplicationBuilder builder, HandlerScript script)
    {
        builder.Services.AddSingleton(script);
        builder.AddConsumer<OrderSeen, OrderHandler>();
    }
}
