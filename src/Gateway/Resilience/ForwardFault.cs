using Microsoft.AspNetCore.Http;
using Quintet.Gateway.Errors;
using Yarp.ReverseProxy.Forwarder;

namespace Quintet.Gateway.Resilience;

/// <summary>Tells from YARP's error whose fault a failed try was.</summary>
internal static class ForwardFault
{
    public static GatewayFault Of(IForwarderErrorFeature error, Forwarding forwarding, CancellationToken clientGone)
    {
        if (clientGone.IsCancellationRequested) return GatewayFault.ClientGone;
        if (IsTooLarge(error.Exception)) return GatewayFault.BodyTooLarge;
        if (forwarding.WasLate) return GatewayFault.TooLate;
        return error.Error switch
        {
            ForwarderError.NoAvailableDestinations => GatewayFault.NoInstance,
            ForwarderError.RequestBodyClient => GatewayFault.BadRequest,
            _ when IsConnectFailure(error.Exception) => GatewayFault.NotConnected,
            ForwarderError.RequestTimedOut or ForwarderError.RequestBodyCanceled => GatewayFault.TooLate,
            _ => GatewayFault.InstanceFailed,
        };
    }

    // Only what certainly failed before the request left: it decides whether a POST may be sent again.
    private static bool IsConnectFailure(Exception? fault) => fault switch
    {
        null => false,
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => true,
        TaskCanceledException { InnerException: TimeoutException } => true, // SocketsHttpHandler.ConnectTimeout
        AggregateException many => many.InnerExceptions.Any(IsConnectFailure),
        _ => false,
    };

    private static bool IsTooLarge(Exception? fault) => fault switch
    {
        null => false,
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => true,
        AggregateException many => many.InnerExceptions.Any(IsTooLarge),
        _ => IsTooLarge(fault.InnerException),
    };
}
