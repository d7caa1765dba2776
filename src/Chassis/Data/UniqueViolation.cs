using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Quintet.Chassis.Data;

/// <summary>Recognises a refused duplicate, which a service answers with 409 instead of 500.</summary>
public static class UniqueViolation
{
    private const int SqliteConstraintUnique = 2067; // SQLITE_CONSTRAINT_UNIQUE, https://sqlite.org/rescode.html
    private const int SqliteConstraintPrimaryKey = 1555; // SQLITE_CONSTRAINT_PRIMARYKEY

    /// <summary>Whether the database refused the change because a unique value exists already.</summary>
    public static bool IsUniqueViolation(this DbUpdateException fault) =>
        fault.InnerException is SqliteException { SqliteExtendedErrorCode: SqliteConstraintUnique or SqliteConstraintPrimaryKey };
}
