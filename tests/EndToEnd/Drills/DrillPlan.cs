namespace Quintet.EndToEnd.Drills;

/// <summary>How large a drill is, and the one number from which the order and length of its faults follow.</summary>
/// <param name="Seed">Given by <c>QUINTET_DRILL_SEED</c>, else a new one each time.</param>
/// <param name="Users">At least so many sign up.</param>
/// <param name="Rounds">In each round every kind of fault happens once; more of them happen until the users are there.</param>
/// <param name="Clients">So many sign up at the same time.</param>
internal sealed record DrillPlan(int Seed, int Users, int Rounds, int Clients)
{
    private static int SeedNow =>
        int.TryParse(Environment.GetEnvironmentVariable("QUINTET_DRILL_SEED"), out int given) ? given : Random.Shared.Next(1, 1_000_000);

    /// <summary>How long the last mail may take: on a slow machine an event may begin late, and fail until its last retry, which waits ten minutes.</summary>
    public static TimeSpan RetriesLast => TimeSpan.FromMinutes(25);

    public static DrillPlan Short() => new(SeedNow, Users: 300, Rounds: 1, Clients: 8);

    public static DrillPlan Long() => new(SeedNow, Users: 10_000, Rounds: 4, Clients: 16);

    /// <summary>
    /// Which faults, in which order, how long, and how many users are to be accepted before the next one: none, so that it meets the recovery from
    /// this one, or some. All from the seed, whatever else happens.
    /// </summary>
    public IEnumerable<(string Fault, TimeSpan Length, int AcceptedAfter)> Faults(IReadOnlyList<string> kinds)
    {
        Random random = new(Seed);
        while (true)
        {
            string[] round = [.. kinds];
            random.Shuffle(round);
            foreach (string kind in round)
                yield return (kind, TimeSpan.FromMilliseconds(random.Next(1000, 5000)), Math.Max(0, random.Next(-20, 40)));
        }
    }
}
