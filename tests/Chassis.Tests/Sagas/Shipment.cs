using Quintet.Chassis.Messaging;
using Quintet.Chassis.Sagas;
using Quintet.Chassis.Tests.Orders;

namespace Quintet.Chassis.Tests.Sagas;

internal sealed record ShipmentData(long OrderId);

/// <summary>A saga of two steps that others answer, between two of its own; its rows tell what it did.</summary>
internal sealed class Shipment(SagaStore store, OrdersDb db, Outbox outbox) : Saga<ShipmentData>(store)
{
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromMinutes(1);

    /// <summary>An order that cannot be asked for twice.</summary>
    public const long Cursed = 13;

    public override string Kind => "shipment";

    protected override IReadOnlyList<SagaStep<ShipmentData>> Steps { get; } =
    [
        new("reserve", (run, _) => Note(db, run, "reserved")) { UndoAsync = (run, _) => Note(db, run, "released") },
        new("charge", (run, _) => IsCursed(store, run) ? throw new InvalidOperationException("cursed") : Ask(outbox, run))
        {
            AnswerWithin = AnswerWithin, TriesMax = 2, UndoAsync = (run, _) => Note(db, run, "refunded"),
        },
        new("pack", (run, _) => Ask(outbox, run)) { AnswerWithin = AnswerWithin },
        new("ship", (run, _) => Note(db, run, "shipped")),
    ];

    private static bool IsCursed(SagaStore store, SagaRun<ShipmentData> run) =>
        run.Data.OrderId == Cursed && store.Rows.Local.Any(row => row.Id == run.Id && row.Tries > 0);

    private static Task Note(OrdersDb db, SagaRun<ShipmentData> run, string what)
    {
        db.Add(new Order { Number = $"{run.Data.OrderId} {what}" });
        return Task.CompletedTask;
    }

    private static Task Ask(Outbox outbox, SagaRun<ShipmentData> run)
    {
        outbox.Add(new OrderPlaced(run.Data.OrderId));
        return Task.CompletedTask;
    }
}
