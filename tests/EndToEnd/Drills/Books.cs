using System.Data.Common;

namespace Quintet.EndToEnd.Drills;

/// <summary>
/// Reads the services' databases themselves, since what a service says of itself would be no proof. Both engines take these statements.
/// </summary>
internal sealed class Books(Func<string, DbConnection> open)
{
    /// <summary>The users of a mail domain: address and id. Throws when an address is there twice.</summary>
    public async Task<IReadOnlyDictionary<string, long>> UsersAsync(string domain, CancellationToken cancellation) =>
        (await ReadAsync("users", "SELECT \"Email\", \"Id\" FROM users", row => (Email: row.GetString(0), Id: row.GetInt64(1)), cancellation))
        .Where(user => user.Email.EndsWith($"@{domain}", StringComparison.Ordinal))
        .ToDictionary(user => user.Email, user => user.Id);

    /// <summary>How many rows of the outbox stand where: 0 waiting, 1 sent, 2 unclaimed, 3 set aside.</summary>
    public async Task<IReadOnlyDictionary<long, long>> OutboxAsync(CancellationToken cancellation) =>
        (await ReadAsync(
            "users", "SELECT \"State\", COUNT(*) FROM quintet_outbox GROUP BY \"State\"", row => (State: row.GetInt64(0), Rows: row.GetInt64(1)), cancellation))
        .ToDictionary(row => row.State, row => row.Rows);

    /// <summary>The subject of each event of a type that has been published, as often as it was added.</summary>
    public Task<List<string>> SentAsync(string type, CancellationToken cancellation) =>
        ReadAsync("users", $"SELECT \"Subject\" FROM quintet_outbox WHERE \"State\" = 1 AND \"Type\" = '{type}'", row => row.GetString(0), cancellation);

    /// <summary>The user of each welcome that Notifications has noted, as often as it has.</summary>
    public Task<List<long>> WelcomesAsync(CancellationToken cancellation) =>
        ReadAsync("notifications", "SELECT \"UserId\" FROM notifications WHERE \"Type\" = 'user_created'", row => row.GetInt64(0), cancellation);

    private async Task<List<T>> ReadAsync<T>(string service, string statement, Func<DbDataReader, T> rowOf, CancellationToken cancellation)
    {
        await using DbConnection connection = open(service);
        await connection.OpenAsync(cancellation);
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = statement;
        await using DbDataReader rows = await command.ExecuteReaderAsync(cancellation);
        List<T> read = [];
        while (await rows.ReadAsync(cancellation)) read.Add(rowOf(rows));
        return read;
    }
}
