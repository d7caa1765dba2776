using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Chassis.Idempotency;
using Quintet.Chassis.Messaging;

namespace Quintet.Chassis.Tests.Orders;

public sealed record OrderDraft(string Number, int Padding = 0);

/// <summary>An order as clients see it; the nonce differs from answer to answer, the padding makes it large.</summary>
public sealed record OrderView(long Id, string Number, Guid Nonce, string? Padding);

internal static class OrderRoutes
{
    public static void MapOrders(this IEndpointRouteBuilder routes) => routes.MapPost("/orders", PlaceAsync).WithIdempotency();

    private static async Task<Results<Created<OrderView>, Conflict>> PlaceAsync(
        OrderDraft draft, OrdersDb db, Outbox outbox, IdempotentRequest once, CancellationToken cancellation)
    {
        Order order = new() { Number = draft.Number };
        db.Add(order);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        try
        {
            await db.SaveChangesAsync(cancellation);
            outbox.Add(new OrderPlaced(order.Id));
            OrderView view = new(order.Id, order.Number, Guid.NewGuid(), draft.Padding > 0 ? new string('x', draft.Padding) : null);
            Created<OrderView> created = TypedResults.Created($"/orders/{order.Id}", view);
            await once.KeepAsync(created, version: 1);
            await db.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
            return created;
        }
        catch (DbUpdateException fault) when (fault.IsUniqueViolation())
        {
            return TypedResults.Conflict();
        }
    }
}
