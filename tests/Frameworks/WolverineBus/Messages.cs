using System.Collections.Concurrent;

namespace Quintet.Frameworks.WolverineBus;

public sealed record ParcelSent(int Number);

public sealed record WeightAsked(int Number);

public sealed record WeightGiven(int Number, int Grams);

/// <summary>What the handlers of one host have seen.</summary>
public sealed class Seen
{
    public ConcurrentQueue<int> Parcels { get; } = [];

    public ConcurrentDictionary<int, int> Attempts { get; } = [];
}

/// <summary>Wolverine finds handlers by their names and compiles the way to them.</summary>
public static class ParcelHandler
{
    /// <summary>13 fails every time, 12 the first two times.</summary>
    public static void Handle(ParcelSent parcel, Seen seen)
    {
        int attempt = seen.Attempts.AddOrUpdate(parcel.Number, 1, (_, count) => count + 1);
        if (parcel.Number == 13 || (parcel.Number == 12 && attempt < 3)) throw new InvalidOperationException($"attempt on {parcel.Number}");
        seen.Parcels.Enqueue(parcel.Number);
    }

    public static WeightGiven Handle(WeightAsked asked) => new(asked.Number, asked.Number * 10);
}
