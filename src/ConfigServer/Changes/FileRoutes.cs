using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Quintet.ConfigServer.Access;
using Quintet.ConfigServer.Http;
using Quintet.ConfigServer.Sources;

namespace Quintet.ConfigServer.Changes;

/// <summary>Reads a file of the repository and writes it as a commit, with its blob id as ETag so that nobody overwrites what they have not seen.</summary>
internal sealed class FileRoutes(TokenAccess access, CommitWriter writer, Labels labels, ConfigServerOptions options)
{
    private const int PrefixSegments = 4; // _ext/v1/config/files
    private const int MessageLengthMax = 8 * 1024;
    private const int NameLengthMax = 200;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/_ext/v1/config/files/{**path}", Read);
        routes.MapPut("/_ext/v1/config/files/{**path}", WriteAsync);
    }

    private FileContentHttpResult Read(HttpContext context, string? label = null)
    {
        Grant grant = access.Authenticate(context);
        string path = PathOf(context);
        if (!FileAccess.MayRead(grant, path)) throw RequestRefused.Forbidden($"the token '{grant.Name}' may not read {path}");
        try
        {
            (byte[] content, string blob) = writer.Read(LabelOf(label), path, options.Limits.FileBytes)
                ?? throw RequestRefused.NotFound($"no file {path} at label {LabelOf(label)}");
            return TypedResults.Bytes(content, "application/octet-stream", entityTag: new EntityTagHeaderValue($"\"{blob}\""));
        }
        catch (RepositoryException fault)
        {
            throw RequestRefused.Unserved(fault.Message);
        }
    }

    private async Task<Results<Ok<WriteAnswer>, Created<WriteAnswer>>> WriteAsync(
        HttpContext context, string? label = null, string? author = null, string? message = null)
    {
        Grant grant = access.Authenticate(context);
        string path = PathOf(context);
        if (!FileAccess.MayWrite(grant, path)) throw RequestRefused.Forbidden($"the token '{grant.Name}' may not write {path}");
        BlobExpectation expectation = ExpectationOf(context.Request);
        CommitNote note = NoteOf(grant, path, author, message);
        byte[] content = await BodyAsync(context);
        if (labels.FaultOf(path, content) is { } fault)
            throw new RequestRefused(StatusCodes.Status400BadRequest, $"nothing was committed: {fault}", RefusalKind.File);

        ChangeResult result = await CommitAsync(new FileChange(LabelOf(label), path, content, expectation, note), context.RequestAborted);
        context.Response.Headers.ETag = $"\"{result.Blob}\"";
        WriteAnswer answer = new(path, result.Commit!, result.Blob!, result.Outcome == ChangeOutcome.Committed);
        return result.IsNew ? TypedResults.Created(context.Request.Path.Value, answer) : TypedResults.Ok(answer);
    }

    private async Task<ChangeResult> CommitAsync(FileChange change, CancellationToken cancellationToken)
    {
        ChangeResult result;
        try
        {
            result = await writer.WriteAsync(change, cancellationToken);
        }
        catch (BranchBusyException busy)
        {
            throw new RequestRefused(StatusCodes.Status503ServiceUnavailable, busy.Message, RefusalKind.Busy);
        }
        catch (Exception fault) when (Labels.IsOfRepository(fault))
        {
            throw RequestRefused.Unserved($"nothing was committed: {fault.Message}");
        }

        if (result.Outcome == ChangeOutcome.Committed) await labels.RefreshAsync(CancellationToken.None); // whoever wrote reads what they wrote
        return result.Outcome switch
        {
            ChangeOutcome.NoBranch => throw RequestRefused.NotFound($"there is no branch {change.Label} to write to"),
            ChangeOutcome.NotAsExpected => throw new RequestRefused(
                StatusCodes.Status412PreconditionFailed, NotAsExpected(change, result), RefusalKind.Precondition),
            ChangeOutcome.NotAFile => throw new RequestRefused(
                StatusCodes.Status409Conflict, $"{change.Path} is not a plain file, or a file stands where it needs a folder", RefusalKind.Conflict),
            ChangeOutcome.CheckedOut => throw new RequestRefused(
                StatusCodes.Status409Conflict,
                $"the branch {change.Label} is checked out in a work tree: commit there, or serve a bare repository", RefusalKind.Conflict),
            _ => result,
        };
    }

    private static string NotAsExpected(FileChange change, ChangeResult result) =>
        result.Blob is null ? $"{change.Path} does not exist"
        : change.Expectation.MustExist ? $"{change.Path} has changed meanwhile: its blob is {result.Blob}"
        : $"{change.Path} exists already: its blob is {result.Blob}";

    private static BlobExpectation ExpectationOf(HttpRequest request)
    {
        var headers = request.GetTypedHeaders();
        if (headers.IfMatch.Count > 0)
            return new BlobExpectation(
                true, headers.IfMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any))
                    ? [] : [.. headers.IfMatch.Select(tag => tag.Tag.ToString().Trim('"'))]);
        if (headers.IfNoneMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any))) return new BlobExpectation(false, []);
        throw new RequestRefused(
            StatusCodes.Status428PreconditionRequired,
            "say what is to be replaced: If-Match with the file's ETag (or *), or If-None-Match: * for a new file", RefusalKind.Precondition);
    }

    private static async Task<byte[]> BodyAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted); // the server refuses more than Limits:FileBytes
        return body.ToArray();
    }

    /// <summary><c>Jane</c> or <c>Jane &lt;jane@example.org&gt;</c>; Git has no way to write angle brackets or line breaks into a name.</summary>
    private static CommitNote NoteOf(Grant grant, string path, string? author, string? message)
    {
        string name = author ?? grant.Name;
        string email = $"{grant.Name}@quintet"; // Git wants one
        if (name.IndexOf('<', StringComparison.Ordinal) is var open and >= 0 && name.EndsWith('>'))
        {
            email = name[(open + 1)..^1].Trim();
            name = name[..open].Trim();
        }

        string reason = string.IsNullOrWhiteSpace(message) ? $"Change {path}" : message;
        if (name.Length is 0 or > NameLengthMax || email.Length is 0 or > NameLengthMax || (name + email).Any(c => char.IsControl(c) || c is '<' or '>'))
            throw RequestRefused.BadRequest($"author is a name, or a name and an <address>, of at most {NameLengthMax} characters");
        if (reason.Length > MessageLengthMax || reason.Contains('\0', StringComparison.Ordinal))
            throw RequestRefused.BadRequest($"message is a text of at most {MessageLengthMax} characters");
        return new CommitNote(name, email, grant.Name, reason);
    }

    private static string PathOf(HttpContext context)
    {
        string path = string.Join('/', RequestPath.SegmentsOf(context)[PrefixSegments..]);
        return FileAccess.IsPath(path)
            ? path
            : throw RequestRefused.BadRequest("the path of a file has no empty part, none that is '.' or that Git keeps for itself, and no ':'");
    }

    private string LabelOf(string? label) => string.IsNullOrEmpty(label) ? options.DefaultLabel : label;

    /// <summary>The answer on the wire.</summary>
    /// <param name="Path">The file.</param>
    /// <param name="Version">The commit that holds now.</param>
    /// <param name="Blob">The file's new blob id, which is also its ETag.</param>
    /// <param name="Committed">False when the file held just this already.</param>
    private sealed record WriteAnswer(string Path, string Version, string Blob, bool Committed);
}
