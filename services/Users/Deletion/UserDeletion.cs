using Microsoft.Extensions.Options;
using Quintet.Chassis.Messaging;
using Quintet.Chassis.Sagas;
using Quintet.Users.Users;

namespace Quintet.Users.Deletion;

/// <summary>Which user a deletion is of.</summary>
internal sealed record DeletionData(long UserId);

/// <summary>
/// A user is deleted when Notifications has erased what it keeps about the user, and is there as before when Notifications refuses or never
/// answers. Until then the user can be read and not changed.
/// </summary>
internal sealed class UserDeletion(SagaStore store, UsersDb db, Outbox outbox, IOptions<DeletionOptions> options) : Saga<DeletionData>(store)
{
    /// <summary>The step that Notifications answers.</summary>
    public const string Erasing = "erase-notifications";

    public override string Kind => "user-deletion";

    protected override IReadOnlyList<SagaStep<DeletionData>> Steps { get; } =
    [
        new("close-user", (run, cancellation) => MarkAsync(db, run.Data.UserId, run.Id, cancellation))
        {
            UndoAsync = (run, cancellation) => MarkAsync(db, run.Data.UserId, null, cancellation),
        },
        new(Erasing, (run, _) => Ask(outbox, run)) { AnswerWithin = options.Value.AnswerWithin, TriesMax = options.Value.TriesMax },
        new("remove-user", (run, cancellation) => RemoveAsync(db, outbox, run.Data.UserId, cancellation)),
    ];

    private static async Task MarkAsync(UsersDb db, long userId, string? deletionId, CancellationToken cancellation)
    {
        User user = await UserAsync(db, userId, cancellation);
        user.DeletionId = deletionId;
        user.Version++;
    }

    private static Task Ask(Outbox outbox, SagaRun<DeletionData> run)
    {
        outbox.Add(new UserDeletionRequested(run.Data.UserId, run.Id));
        return Task.CompletedTask;
    }

    private static async Task RemoveAsync(UsersDb db, Outbox outbox, long userId, CancellationToken cancellation)
    {
        db.Remove(await UserAsync(db, userId, cancellation));
        outbox.Add(new UserDeleted(userId));
    }

    // Only this saga removes users, and one run of it at a time for each.
    private static async Task<User> UserAsync(UsersDb db, long userId, CancellationToken cancellation) =>
        await db.Users.FindAsync([userId], cancellation) ?? throw new InvalidOperationException($"user {userId} is gone in the middle of its deletion");
}
