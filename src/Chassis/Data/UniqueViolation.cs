using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SQLitePCL;

namespace Quintet.Chassis.Data;

/// <summary>Recognises a refused duplicate, which a service answers with 409 instead of 500.</summary>
public static class UniqueViolation
{
    /// <summary>Whether the database refused the change because a unique value exists already.</summary>
    public static bool IsUniqueViolation(this DbUpdateException fault) => fault.InnerException is
        SqliteException { SqliteExtendedErrorCode: raw.SQLITE_CONSTRAINT_UNIQUE or raw.SQLITE_CONSTRAINT_PRIMARYKEY }
        or PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };
}
