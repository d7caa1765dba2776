using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Quintet.Console.Access;

namespace Quintet.Console.Records;

/// <summary>Who did what to what, when, from where, and what came of it. An entry is there before its action begins.</summary>
internal sealed class AuditLog(ConsoleDatabase records, IOptions<ConsoleOptions> options, TimeProvider time)
{
    private const string Begun = "begun";

    /// <summary>Told after each entry, on the thread that wrote it.</summary>
    public event Action? Changed;

    /// <summary>Notes something that is over already, such as a login.</summary>
    public void Note(Actor actor, Deed deed, string outcome, string result) => Finish(Begin(actor, deed), outcome, result);

    /// <summary>Does something in somebody's name and keeps what came of it; what it throws goes on to the caller.</summary>
    /// <exception cref="ForbiddenException">The actor may not; that is kept, too.</exception>
    public async Task<string> DoAsync(Actor actor, Deed deed, Func<Task<string>> work)
    {
        if (!actor.MayChange)
        {
            Note(actor, deed, "refused", $"{actor.Role} may not");
            throw new ForbiddenException(
                $"{actor.Name} is logged in as {actor.Role} and may not {deed.Action}; 'quintet console link' makes an operator's link");
        }

        long entry = Begin(actor, deed);
        try
        {
            string result = await work();
            Finish(entry, "done", result);
            return result;
        }
        catch (Exception fault)
        {
            Finish(entry, "failed", fault.Message);
            throw;
        }
    }

    /// <summary>The newest entries first.</summary>
    /// <param name="count">At most so many.</param>
    /// <param name="before">Only those with a smaller id, for the next page.</param>
    /// <param name="containing">Only those in which this text stands; null for all.</param>
    public IReadOnlyList<AuditEntry> Newest(int count, long before = long.MaxValue, string? containing = null)
    {
        using SqliteConnection database = records.Open();
        using SqliteCommand command = ConsoleDatabase.Command(database,
            """
            SELECT id, at, who, role, origin, action, target, detail, outcome, result FROM audit
            WHERE id < $before AND ($text = '' OR instr(lower(who || ' ' || action || ' ' || target || ' ' || detail || ' ' || result), $text) > 0)
            ORDER BY id DESC LIMIT $count
            """,
            ("$before", before), ("$text", containing?.ToLowerInvariant() ?? ""), ("$count", count));
        using SqliteDataReader rows = command.ExecuteReader();
        List<AuditEntry> entries = [];
        while (rows.Read())
            entries.Add(new AuditEntry(
                DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(1)), rows.GetString(2), rows.GetString(3), rows.GetString(4), rows.GetString(5),
                rows.GetString(6), rows.GetString(7), rows.GetString(8), rows.GetString(9)) { Id = rows.GetInt64(0) });
        return entries;
    }

    private long Begin(Actor actor, Deed deed)
    {
        DateTimeOffset now = time.GetUtcNow();
        using SqliteConnection database = records.Open();
        ConsoleDatabase.Run(database, "DELETE FROM audit WHERE at < $oldest", ("$oldest", (now - options.Value.AuditAge).ToUnixTimeMilliseconds()));
        using SqliteCommand command = ConsoleDatabase.Command(database,
            """
            INSERT INTO audit (at, who, role, origin, action, target, detail, outcome, result)
            VALUES ($at, $who, $role, $origin, $action, $target, $detail, $outcome, '') RETURNING id
            """,
            ("$at", now.ToUnixTimeMilliseconds()), ("$who", actor.Name), ("$role", actor.Role.ToString()), ("$origin", actor.Address),
            ("$action", deed.Action), ("$target", deed.Target), ("$detail", deed.Detail), ("$outcome", Begun));
        long id = (long)command.ExecuteScalar()!;
        Changed?.Invoke();
        return id;
    }

    private void Finish(long id, string outcome, string result)
    {
        using SqliteConnection database = records.Open();
        ConsoleDatabase.Run(database, "UPDATE audit SET outcome = $outcome, result = $result WHERE id = $id",
            ("$outcome", outcome), ("$result", result), ("$id", id));
        Changed?.Invoke();
    }
}

/// <summary>What somebody is about to do.</summary>
/// <param name="Action">In one word.</param>
/// <param name="Target">To what.</param>
/// <param name="Detail">More exactly; empty when there is no more.</param>
internal sealed record Deed(string Action, string Target, string Detail = "");
