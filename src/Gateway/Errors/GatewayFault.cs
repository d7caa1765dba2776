namespace Quintet.Gateway.Errors;

/// <summary>What the gateway itself can answer instead of a service. Each is a row of docs/errors.md.</summary>
/// <param name="Slug">The end of the problem's <c>type</c>.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">The problem's title.</param>
/// <param name="ProxyError">The error type of RFC 9209 (Proxy-Status), by which monitoring tells the gateway's answers from a service's.</param>
internal sealed record GatewayFault(string Slug, int Status, string Title, string ProxyError)
{
    public static readonly GatewayFault BadRequest = new("bad-request", 400, "The request is malformed", "http_request_error");
    public static readonly GatewayFault UnknownRoute = new("unknown-route", 404, "No service answers this path", "destination_not_found");
    public static readonly GatewayFault MethodRefused = new("method-refused", 405, "This method is not forwarded", "http_request_denied");
    public static readonly GatewayFault BodyTooLarge = new("body-too-large", 413, "The body is too large", "http_request_denied");
    public static readonly GatewayFault TooManyRequests = new("too-many-requests", 429, "Too many requests", "http_request_denied");
    public static readonly GatewayFault HeadersTooLarge = new("headers-too-large", 431, "The headers are too large", "http_request_denied");
    public static readonly GatewayFault ClientGone = new("client-gone", 499, "The client went away", "http_request_error");
    public static readonly GatewayFault Internal = new("internal", 500, "The gateway failed", "proxy_internal_error");
    public static readonly GatewayFault UnknownCoding = new("unknown-transfer-coding", 501, "This transfer coding is not understood", "http_request_error");
    public static readonly GatewayFault Loop = new("forwarding-loop", 508, "The request came back to this gateway", "proxy_loop_detected");
    public static readonly GatewayFault InstanceFailed = new("instance-failed", 502, "The service did not answer properly", "connection_terminated");
    public static readonly GatewayFault NotConnected = new("instance-unreachable", 502, "The service could not be reached", "connection_refused");
    public static readonly GatewayFault NoInstance = new("no-healthy-instance", 503, "The service has no healthy instance", "destination_unavailable");
    public static readonly GatewayFault NoTable = new("routes-unknown", 503, "The routes are not known yet", "destination_unavailable");
    public static readonly GatewayFault TooLate = new("service-timeout", 504, "The service did not answer in time", "connection_read_timeout");
}
