using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Quintet.Chassis.Data;
using Quintet.Chassis.Http;
using Quintet.Chassis.Idempotency;
using Quintet.Chassis.Messaging;
using Quintet.Hosting.Errors;

namespace Quintet.Users.Users;

internal static class UserRoutes
{
    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder users = routes.MapGroup("/users").WithTags("Users");
        users.MapGet("/", ListAsync).WithSummary("List users in pages.");
        users.MapPost("/", CreateAsync).WithSummary("Sign a user up; a welcome mail follows.").WithIdempotency();
        users.MapGet("/{id}", ReadAsync).WithSummary("Read a user.");
        users.MapPut("/{id}", ChangeAsync).WithSummary("Change a user; If-Match is required.");
    }

    private static async Task<Results<Ok<UserPage>, ValidationProblem>> ListAsync(HttpRequest request, UsersDb db, CancellationToken cancellation)
    {
        Faults faults = new();
        Paging paging = Paging.Read(request, faults);
        if (faults.Any) return faults.ToProblem();

        List<UserView> page = await db.Users.AsNoTracking()
            .Where(user => user.Id > paging.After)
            .OrderBy(user => user.Id)
            .Take(paging.Limit)
            .Select(user => new UserView(user.Id, user.Name, user.Email))
            .ToListAsync(cancellation);
        return TypedResults.Ok(new UserPage(page, paging.Next(request, page.Count, page.LastOrDefault()?.Id ?? 0)));
    }

    private static async Task<Results<Created<UserView>, ValidationProblem, ProblemHttpResult>> CreateAsync(
        UserDraft draft, HttpResponse response, UsersDb db, Outbox outbox, IdempotentRequest once, TimeProvider time, CancellationToken cancellation)
    {
        Faults faults = draft.Check();
        if (faults.Any) return faults.ToProblem();

        User user = new() { Name = "", Email = "", EmailKey = "", CreatedAt = time.GetUtcNow() };
        user.Take(draft);
        db.Add(user);
        // The event needs the id that the insert gives; one transaction keeps the two together.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        try
        {
            await db.SaveChangesAsync(cancellation);
            outbox.Add(new UserCreated(user.Id));
            Created<UserView> created = TypedResults.Created($"/users/{user.Id}", UserView.Of(user));
            await once.KeepAsync(created, user.Version);
            await db.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
            EntityVersion.Send(response, user.Version);
            return created;
        }
        catch (DbUpdateException fault) when (fault.IsUniqueViolation())
        {
            return DuplicateEmail();
        }
    }

    private static async Task<Results<Ok<UserView>, StatusCodeHttpResult, ProblemHttpResult>> ReadAsync(
        string id, HttpContext context, UsersDb db, CancellationToken cancellation)
    {
        if (await FindAsync(id, db, cancellation) is not { } user) return NotFound();
        EntityVersion.Send(context.Response, user.Version);
        if (EntityVersion.IsKnown(context.Request, user.Version)) return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        return TypedResults.Ok(UserView.Of(user));
    }

    private static async Task<Results<Ok<UserView>, ValidationProblem, ProblemHttpResult>> ChangeAsync(
        string id, UserDraft draft, HttpContext context, UsersDb db, CancellationToken cancellation)
    {
        Faults faults = draft.Check();
        if (faults.Any) return faults.ToProblem();
        if (await FindAsync(id, db, cancellation) is not { } user) return NotFound();
        if (user.DeletionId is not null) return BeingDeleted();
        if (EntityVersion.Refuse(context.Request, user.Version) is { } refused) return refused;

        user.Take(draft);
        user.Version++;
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateConcurrencyException)
        {
            return EntityVersion.Stale();
        }
        catch (DbUpdateException fault) when (fault.IsUniqueViolation())
        {
            return DuplicateEmail();
        }

        EntityVersion.Send(context.Response, user.Version);
        return TypedResults.Ok(UserView.Of(user));
    }

    // An id that is no number names no user either: 404 and not 400, as for every other unknown address.
    public static async Task<User?> FindAsync(string id, UsersDb db, CancellationToken cancellation) =>
        long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? await db.Users.FindAsync([number], cancellation) : null;

    public static ProblemHttpResult NotFound() => TypedResults.Problem(
        statusCode: StatusCodes.Status404NotFound,
        title: "There is no such user.",
        type: Problems.TypeOf("user-not-found"),
        extensions: [new("error", "User not found")]);

    private static ProblemHttpResult BeingDeleted() => TypedResults.Problem(
        "It can be changed again if the deletion is refused.",
        statusCode: StatusCodes.Status409Conflict,
        title: "The user is being deleted.",
        type: Problems.TypeOf("user-being-deleted"));

    private static ProblemHttpResult DuplicateEmail() => TypedResults.Problem(
        "Another user has signed up with this e-mail address.",
        statusCode: StatusCodes.Status409Conflict,
        title: "The e-mail address is taken.",
        type: Problems.TypeOf("duplicate-email"),
        extensions: [new("error", "E-mail already in use")]);
}
