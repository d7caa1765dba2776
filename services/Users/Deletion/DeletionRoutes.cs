using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Http;
using Quintet.Chassis.Messaging;
using Quintet.Chassis.Sagas;
using Quintet.Hosting.Settings;
using Quintet.Users.Users;

namespace Quintet.Users.Deletion;

/// <summary>DELETE /users/{id}, and what became of it.</summary>
internal static class DeletionRoutes
{
    private const string Deletions = "/users/deletions";
    private const int TriesMax = 5; // against changes at the same moment; another deletion is seen at the second

    public static WebApplicationBuilder AddDeletion(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<DeletionOptions>(builder.Configuration, "Deletion");
        return builder.AddSaga<UserDeletion>().AddConsumer<UserErased, FinishDeletion>().AddConsumer<UserErasureRefused, RestoreUser>();
    }

    public static void MapDeletion(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder deletions = routes.MapGroup("").WithTags("Deletions");
        deletions.MapDelete("/users/{id}", DeleteAsync).WithSummary("Delete a user; the Location tells what becomes of it.");
        deletions.MapSaga<UserDeletion>(Deletions);
    }

    private static async Task<Results<Accepted, ProblemHttpResult>> DeleteAsync(
        string id, HttpRequest request, UsersDb db, UserDeletion deletion, CancellationToken cancellation)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return await TryDeleteAsync(id, request, db, deletion, cancellation);
            }
            catch (DbUpdateConcurrencyException) when (request.Headers.IfMatch.Count == 0 && tries < TriesMax)
            {
                // Another deletion, or a change, was faster. Who set no condition is answered by what is there now.
                db.ChangeTracker.Clear();
            }
            catch (DbUpdateConcurrencyException)
            {
                return EntityVersion.Stale();
            }
        }
    }

    private static async Task<Results<Accepted, ProblemHttpResult>> TryDeleteAsync(
        string id, HttpRequest request, UsersDb db, UserDeletion deletion, CancellationToken cancellation)
    {
        if (await UserRoutes.FindAsync(id, db, cancellation) is not { } user) return UserRoutes.NotFound();
        // Asked again, also because the first answer was lost: it is the same deletion.
        if (user.DeletionId is { } begun) return TypedResults.Accepted($"{Deletions}/{begun}");
        // Unlike a change, a deletion overwrites nobody's work unseen, so the condition is the client's choice.
        if (request.Headers.IfMatch.Count > 0 && EntityVersion.Refuse(request, user.Version) is { } refused) return refused;

        string run = await deletion.StartAsync(new DeletionData(user.Id), cancellation);
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Accepted($"{Deletions}/{run}");
    }
}
