using System.Data.Common;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Quintet.Chassis.Telemetry;

/// <summary>
/// A span for each command and commit of a request or a handler, by OpenTelemetry's conventions for databases, the same for both engines. Loops
/// that look for work ask without a trace and have none. The text of a command is not in it, and so nothing of what somebody stored.
/// </summary>
internal sealed partial class CommandSpans : DbCommandInterceptor, IDbTransactionInterceptor
{
    private static readonly ActivitySource Source = new(ChassisMeter.Name);

    public override DbDataReader ReaderExecuted(DbCommand command, CommandExecutedEventData eventData, DbDataReader result)
    {
        Tell(command, eventData, null);
        return result;
    }

    public override ValueTask<DbDataReader> ReaderExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
    {
        Tell(command, eventData, null);
        return ValueTask.FromResult(result);
    }

    public override int NonQueryExecuted(DbCommand command, CommandExecutedEventData eventData, int result)
    {
        Tell(command, eventData, null);
        return result;
    }

    public override ValueTask<int> NonQueryExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        Tell(command, eventData, null);
        return ValueTask.FromResult(result);
    }

    public override object? ScalarExecuted(DbCommand command, CommandExecutedEventData eventData, object? result)
    {
        Tell(command, eventData, null);
        return result;
    }

    public override ValueTask<object?> ScalarExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, object? result, CancellationToken cancellationToken = default)
    {
        Tell(command, eventData, null);
        return ValueTask.FromResult(result);
    }

    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) => Tell(command, eventData, eventData.Exception);

    public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        Tell(command, eventData, eventData.Exception);
        return Task.CompletedTask;
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) =>
        Tell("COMMIT", eventData.Context, (eventData.StartTime, eventData.Duration), null);

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        TransactionCommitted(transaction, eventData);
        return Task.CompletedTask;
    }

    private static void Tell(DbCommand command, CommandEndEventData eventData, Exception? fault)
    {
        if (Activity.Current is not null && Source.HasListeners())
            Tell(SummaryOf(command.CommandText), eventData.Context, (eventData.StartTime, eventData.Duration), fault);
    }

    private static void Tell(string summary, DbContext? context, (DateTimeOffset Start, TimeSpan Duration) when, Exception? fault)
    {
        if (Activity.Current is not { } cause || context is null) return;
        using Activity? span = Source.StartActivity(summary, ActivityKind.Client, cause.Context, startTime: when.Start);
        if (span is null) return;
        DatabaseFacade database = context.Database;
        DbConnection connection = database.GetDbConnection();
        span.SetTag("db.system.name", connection is NpgsqlConnection ? "postgresql" : "sqlite").SetTag("db.namespace", connection.Database)
            .SetTag("db.query.summary", summary).SetTag("db.operation.name", summary.Split(' ')[0]);
        if (fault is not null) span.SetStatus(ActivityStatusCode.Error, fault.Message).SetTag("error.type", fault.GetType().FullName);
        span.SetEndTime((when.Start + when.Duration).UtcDateTime);
    }

    /// <summary>What a command does and to which table: <c>INSERT users</c>.</summary>
    private static string SummaryOf(string text)
    {
        Match match = Statement.Match(text);
        return match.Success
            ? $"{match.Groups["verb"].Value.ToUpperInvariant()} {match.Groups["table"].Value}"
            : text.TrimStart().Split([' ', '\n', ';'], 2)[0];
    }

    [GeneratedRegex(
        """^\s*(?<verb>SELECT|INSERT|UPDATE|DELETE)\b(?:[\s\S]*?\b(?:FROM|INTO)|(?<=UPDATE))\s+"?(?<table>[A-Za-z_][\w.]*)""",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Statement { get; }
}
