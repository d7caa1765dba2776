using System.Net;
using Microsoft.AspNetCore.Http;
using Quintet.Broker.Amqp;
using Quintet.Broker.Storage;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Management;

/// <summary>A request that is refused, in RabbitMQ's shape and with its status.</summary>
internal sealed class Refusal(int status, string error, object reason) : Exception(reason.ToString())
{
    public IResult Answer => Results.Json(new { error, reason }, statusCode: status);

    public static Refusal NotFound() => new(StatusCodes.Status404NotFound, "Object Not Found", "Not Found");

    public static Refusal BadRequest(object reason) => new(StatusCodes.Status400BadRequest, "bad_request", reason);

    public static Refusal VhostNotFound() => new(StatusCodes.Status404NotFound, "not_found", "vhost_not_found");

    /// <summary>A value that RabbitMQ's validation of parameters refuses.</summary>
    public static Refusal Invalid(string fault) => Filtered($"Validation failed\n\n{fault}\n");

    /// <summary>RabbitMQ hands the reasons of some routes through its filter for HTML, and those of others not.</summary>
    public static Refusal Filtered(string reason) => BadRequest(WebUtility.HtmlEncode(reason).Replace("&quot;", "\"").Replace("&#39;", "'"));

    /// <summary>401 where others say 403: RabbitMQ's word and status.</summary>
    public static Refusal NotAuthorised(string reason) => new(StatusCodes.Status401Unauthorized, "not_authorised", reason);

    /// <summary>What would have closed a channel.</summary>
    public static Refusal Of(AmqpException fault) => fault.Code switch
    {
        ReplyCode.NotFound => new Refusal(StatusCodes.Status404NotFound, "not_found", fault.Text),
        ReplyCode.AccessRefused => NotAuthorised("Access refused."),
        _ => BadRequest(fault.Text),
    };
}

/// <summary>Turns refusals into answers.</summary>
internal sealed class RefusalFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (Refusal refusal)
        {
            return refusal.Answer;
        }
        catch (AmqpException fault)
        {
            return Refusal.Of(fault).Answer;
        }
        catch (ChangeRefusedException refused)
        {
            return ManagementRoutes.BadRequest(refused.Message);
        }
        catch (BadHttpRequestException refused)
        {
            return new Refusal(refused.StatusCode, "bad_request", refused.Message).Answer;
        }
        catch (StorageException failure)
        {
            return new Refusal(StatusCodes.Status503ServiceUnavailable, "service_unavailable", failure.Message).Answer;
        }
    }
}
