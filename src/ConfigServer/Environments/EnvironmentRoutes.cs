using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Quintet.ConfigServer.Access;
using Quintet.ConfigServer.Forms;
using Quintet.ConfigServer.Http;
using Quintet.ConfigServer.Properties;
using Quintet.ConfigServer.Sources;

namespace Quintet.ConfigServer.Environments;

/// <summary>
/// The four forms of an environment. One route takes every path that no other takes, because the protocol's own shapes overlap and the path
/// must be read as it was sent.
/// </summary>
internal sealed class EnvironmentRoutes(TokenAccess access, EnvironmentLookup environments, GitRepository repository, ConfigServerOptions options)
{
    private const string TextType = "text/plain;charset=UTF-8";

    private readonly string root = new Uri(repository.Path).AbsoluteUri.TrimEnd('/');

    public void Map(IEndpointRouteBuilder routes) => routes.MapFallback("/{**path}", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        Grant grant = access.Authenticate(context);
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            throw RequestRefused.NotFound("nothing is here for this method");
        EnvironmentRequest request = EnvironmentRequest.Of(RequestPath.SegmentsOf(context), options.Limits.Names);
        EffectiveEnvironment environment = await environments.FindAsync(grant, request.Name, request.Label, context.RequestAborted);

        // The sources go out as they are unless the client asks: Spring's clients resolve against their own environment too.
        bool resolves = Flag(context.Request.Query["resolvePlaceholders"], whenAbsent: request.Form != EnvironmentForm.Sources);
        bool hasOrigins = request.Form == EnvironmentForm.Sources
            && context.Request.Headers.Accept.ToString().Contains(EnvironmentJson.MediaTypeWithOrigins, StringComparison.OrdinalIgnoreCase);
        byte[] body = environment.Answer($"{request.Form} {resolves} {hasOrigins} {request.Label}", from => Write(from, request, resolves, hasOrigins));

        if (request.Form == EnvironmentForm.Sources) context.Response.Headers.Vary = HeaderNames.Accept;
        context.Response.ContentType = request.Form switch
        {
            EnvironmentForm.Sources => hasOrigins ? EnvironmentJson.MediaTypeWithOrigins : EnvironmentJson.MediaType,
            EnvironmentForm.NestedJson => EnvironmentJson.MediaType,
            _ => TextType,
        };
        await WriteAsync(context, body, environment.State);
    }

    private static async Task WriteAsync(HttpContext context, byte[] body, string state)
    {
        EntityTagHeaderValue tag = new($"\"{state}\"");
        context.Response.Headers.ETag = tag.ToString();
        if (context.Request.GetTypedHeaders().IfNoneMatch
            .Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            context.Response.ContentType = null;
            return;
        }

        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private byte[] Write(EffectiveEnvironment environment, EnvironmentRequest request, bool resolves, bool hasOrigins)
    {
        try
        {
            if (request.Form == EnvironmentForm.Sources)
            {
                IReadOnlyList<PropertySource> sources = resolves
                    ? Placeholders.Resolve(environment.Sources, options.Limits.ExpandedCharacters)
                    : environment.Sources;
                return new EnvironmentJson(root, request.Label, hasOrigins).Write(environment, sources);
            }

            SortedDictionary<string, PropertyValue> merged = MergedProperties.Of(environment.Sources);
            if (resolves) merged = Placeholders.Resolve(merged, options.Limits.ExpandedCharacters);
            return request.Form switch
            {
                EnvironmentForm.Properties => Encoding.UTF8.GetBytes(PropertiesForm.Write(merged)),
                EnvironmentForm.Yaml => Encoding.UTF8.GetBytes(YamlForm.Write(Nesting.Nest(merged))),
                _ => JsonForm.Write(Nesting.Nest(merged)),
            };
        }
        catch (PlaceholderException fault)
        {
            throw RequestRefused.Unserved(fault.Message);
        }
    }

    private static bool Flag(string? value, bool whenAbsent) => bool.TryParse(value, out bool flag) ? flag : whenAbsent;
}
