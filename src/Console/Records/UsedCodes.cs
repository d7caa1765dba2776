using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Quintet.Console.Records;

/// <summary>The login codes that were used, for as long as they would be good otherwise; a restart of the console does not make them new.</summary>
internal sealed class UsedCodes(ConsoleDatabase records, IOptions<ConsoleOptions> options, TimeProvider time)
{
    /// <summary>Takes a code; false when somebody has taken it before.</summary>
    public bool TryTake(string nonce)
    {
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        long until = now + (2 * (long)options.Value.Access.LinkLifetime.TotalSeconds); // one made by a clock that is ahead is good for longer
        using SqliteConnection database = records.Open();
        ConsoleDatabase.Run(database, "DELETE FROM used_codes WHERE until < $now", ("$now", now));
        return ConsoleDatabase.Run(
            database, "INSERT OR IGNORE INTO used_codes (nonce, until) VALUES ($nonce, $until)", ("$nonce", nonce), ("$until", until)) == 1;
    }
}
