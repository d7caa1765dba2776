using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Quintet.Registry.Access;
using Quintet.Registry.Storage;
using Quintet.Registry.Telemetry;

namespace Quintet.Registry.Http;

/// <summary>
/// Takes every request below <c>/v1</c> and <c>/_ext/v1</c>: reads the target, finds the route, knows the caller, and turns what handlers
/// throw into Consul's answers. The one place that catches everything.
/// </summary>
internal sealed partial class ApiEndpoint(RouteTable routes, LiveAccess access, RegistryMetrics metrics, ILogger<ApiEndpoint> logger)
{
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        string raw = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!RequestTarget.TryParse(raw, out RequestTarget? target, out string fault))
        {
            Call refused = new(http, EmptyTarget, "", Grant.Nothing);
            await (fault.Length == 0 ? refused.Empty(400) : refused.Text(400, fault));
            return;
        }

        if (!target.Path.StartsWith("/v1/", StringComparison.Ordinal) && !target.Path.StartsWith("/_ext/v1/", StringComparison.Ordinal))
        {
            await next(http);
            return;
        }

        if (!routes.TryFind(target.Path, out Route? route, out string rest))
        {
            await AnswerUnknownAsync(http, target);
            return;
        }

        http.Response.Headers.Vary = "Accept-Encoding";
        await AnswerAsync(http, target, route, rest);
    }

    private static RequestTarget EmptyTarget { get; } = RequestTarget.TryParse("/", out RequestTarget? target, out _)
        ? target
        : throw new InvalidOperationException();

    private Task AnswerUnknownAsync(HttpContext http, RequestTarget target)
    {
        Call call = new(http, target, "", Grant.Nothing);
        if (!routes.IsPrefixWithoutSlash(target.Path)) return call.Empty(404);
        http.Response.Headers.Location = target.Path + "/";
        return call.Empty(301);
    }

    private async Task AnswerAsync(HttpContext http, RequestTarget target, Route route, string rest)
    {
        string method = http.Request.Method;
        Grant? grant = access.Current.Find(TokenOf(http.Request, target));
        Call call = new(http, target, rest, grant ?? Grant.Nothing);
        if (method == HttpMethods.Options)
        {
            http.Response.Headers.Allow = route.Allow;
            await call.Empty();
            return;
        }

        if (!route.Methods.TryGetValue(method == HttpMethods.Head ? HttpMethods.Get : method, out Func<Call, Task>? handler))
        {
            http.Response.Headers.Allow = route.Allow;
            await call.Text(405, $"method {method} not allowed");
            return;
        }

        try
        {
            // Reading is what every caller with a valid token may do; handlers that write ask for more.
            if (grant is null || !grant.MayRead) throw RefusalException.Denied();
            await handler(call);
        }
        catch (RefusalException refusal)
        {
            await RefuseAsync(call, refusal);
        }
        catch (WriteRefusedException refusal)
        {
            metrics.Refused("write");
            await call.Text(refusal.IsOverload ? 429 : 500, refusal.Message);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client is gone: nobody to answer.
        }
        catch (BadHttpRequestException fault)
        {
            await call.Text(fault.StatusCode, fault.Message);
        }
        catch (Exception fault) when (!http.Response.HasStarted)
        {
            Log.Failed(logger, fault, method, target.Path);
            await call.Text(500, "internal error");
        }
    }

    private Task RefuseAsync(Call call, RefusalException refusal)
    {
        if (refusal.Status is 403 or 413 or 429) metrics.Refused(refusal.Status switch { 403 => "permission", 413 => "size", _ => "limit" });
        if (refusal.IsFromRead)
        {
            call.ResponseHeaders["X-Consul-Index"] = "1";
            call.ResponseHeaders["X-Consul-Knownleader"] = "false";
            call.ResponseHeaders["X-Consul-Lastcontact"] = "0";
        }

        return call.Text(refusal.Status, refusal.Message);
    }

    private static string? TokenOf(HttpRequest request, RequestTarget target)
    {
        if (target.Value("token") is { Length: > 0 } parameter) return parameter;
        if (request.Headers["X-Consul-Token"].ToString() is { Length: > 0 } header) return header;
        string authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization[7..].Trim() : null;
    }

    private static partial class Log
    {
        [LoggerMessage(2020, LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Failed(ILogger logger, Exception fault, string method, string path);
    }
}
