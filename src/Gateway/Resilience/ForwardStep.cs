using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Quintet.Gateway.Errors;
using Quintet.Gateway.Routes;
using Quintet.Gateway.Telemetry;
using Quintet.Hosting.Deadlines;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Quintet.Gateway.Resilience;

/// <summary>
/// Sends a request to an instance, and to another one when that is safe and within the budget. It stands in YARP's pipeline before load
/// balancing and calls the rest once a try, so that concurrency counts and load balancing see every try.
/// </summary>
internal sealed class ForwardStep(RequestDelegate next, ForwardContext shared)
{
    // A refused connection costs nothing, so it may be followed by more than one further try; this many are enough for any real outage.
    private const int TriesMax = 3;
    private readonly GatewayOptions _options = shared.Options.Value;

    public async Task InvokeAsync(HttpContext context)
    {
        IReverseProxyFeature proxy = context.GetReverseProxyFeature();
        string name = proxy.Cluster.Config.ClusterId;
        ServiceRoutes service = shared.Table.Find(name) ?? new ServiceRoutes(name, [], []);
        if (!IsWithinBodyLimit(context, service.Policy))
        {
            await GatewayProblem.WriteAsync(context, GatewayFault.BodyTooLarge);
            return;
        }

        shared.Budgets.Earn(name);
        using Forwarding forwarding = Prepare(context, service);
        context.Features.Set(forwarding);
        GatewayFault? fault = await ForwardAsync(context, proxy, forwarding);
        if (fault is not null) await AnswerAsync(context, forwarding, fault);
    }

    private async Task<GatewayFault?> ForwardAsync(HttpContext context, IReverseProxyFeature proxy, Forwarding forwarding)
    {
        CancellationToken clientGone = context.RequestAborted;
        GatewayFault fault = GatewayFault.NoInstance;
        while (true)
        {
            IReadOnlyList<DestinationState> available = shared.Ejections.Admit(proxy.AllDestinations, forwarding.Tried);
            TimeSpan left = (forwarding.Service.Policy.TotalTimeout ?? _options.Timeouts.Total) - forwarding.Elapsed;
            if (available.Count == 0) return fault;
            if (left <= TimeSpan.Zero && forwarding.Tried.Count > 0) return GatewayFault.TooLate;

            forwarding.IsLastTry = !forwarding.MayRepeat || forwarding.Sent > 0 || available.Count == 1;
            TimeSpan perTry = forwarding.Service.Policy.PerTryTimeout ?? _options.Timeouts.PerTry;
            TimeSpan limit = forwarding.IsLastTry || perTry > left ? left : perTry;
            proxy.AvailableDestinations = available;
            GatewayFault? failed = await TryAsync(context, forwarding, (limit, clientGone));
            if (failed is null || context.Response.HasStarted || clientGone.IsCancellationRequested) return failed;
            if (!MaySendAgain(forwarding, failed)) return failed;

            // YARP refuses to forward when an answer is set, and remembers the fault of the try before.
            fault = failed == GatewayFault.InstanceFailed && forwarding.WasRejected ? GatewayFault.NoInstance : failed;
            context.Response.Clear();
            context.Features.Set<IForwarderErrorFeature>(null);
            proxy.ProxiedDestination = null;
            forwarding.Body?.Rewind();
        }
    }

    private async Task<GatewayFault?> TryAsync(HttpContext context, Forwarding forwarding, (TimeSpan Time, CancellationToken ClientGone) limit)
    {
        string service = forwarding.Service.Name;
        IReverseProxyFeature proxy = context.GetReverseProxyFeature();
        using Activity? span = GatewayTelemetry.Source.StartActivity($"forward {service}");
        if (forwarding.DeadlineOf(limit.Time) is { } deadline) context.Request.Headers[DeadlineHeader.Name] = DeadlineHeader.Write(deadline);
        context.RequestAborted = forwarding.Begin(limit.Time, limit.ClientGone);
        try
        {
            await next(context);
        }
        finally
        {
            context.RequestAborted = limit.ClientGone;
            forwarding.End(proxy.ProxiedDestination, limit.ClientGone.IsCancellationRequested);
        }

        IForwarderErrorFeature? error = context.Features.Get<IForwarderErrorFeature>();
        GatewayFault? fault =
            forwarding.WasRejected ? GatewayFault.InstanceFailed
            : error is null ? null
            : ForwardFault.Of(error, forwarding, limit.ClientGone);
        if (fault != GatewayFault.NotConnected) forwarding.Sent++;
        if (proxy.ProxiedDestination is { } instance)
        {
            if (fault == GatewayFault.NotConnected) shared.Ejections.Eject(service, instance);
            else if (fault is null) shared.Ejections.Answered(instance);
        }

        span?.SetTag("quintet.service", service)
            .SetTag("quintet.instance", proxy.ProxiedDestination?.DestinationId)
            .SetTag("quintet.try", forwarding.Tried.Count);
        if (fault is not null) span?.SetStatus(ActivityStatusCode.Error, fault.Slug);
        return fault;
    }

    private bool MaySendAgain(Forwarding forwarding, GatewayFault fault)
    {
        if (!IsRetryOn(forwarding.Service.Policy) || forwarding.Tried.Count >= TriesMax) return false;
        string service = forwarding.Service.Name;
        bool may = fault == GatewayFault.NotConnected
            ? forwarding.MayRepeat || forwarding.Body is not { WasRead: true } // it never left
            : forwarding.WasRejected // has been paid for
                || (!forwarding.IsLastTry && fault.Status is 502 or 504 && shared.Budgets.TrySpend(service));
        if (may) shared.Meter.Retried(service, fault.Slug);
        return may;
    }

    private Forwarding Prepare(HttpContext context, ServiceRoutes service)
    {
        HttpRequest request = context.Request;
        bool hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is not false;
        bool mayRepeat = IsRetryOn(service.Policy) && IsHarmlessTwice(request, service.Policy)
            && (!hasBody || request.ContentLength <= _options.Retry.BodyBytesMax);
        Forwarding forwarding = new(service, mayRepeat, shared.Budgets, shared.Time)
        {
            ClientDeadline = DeadlineHeader.Read(request.Headers),
            TellsDeadline = !IsUpgrade(request) && (!hasBody || request.ContentLength <= _options.Retry.BodyBytesMax),
        };
        if (!hasBody) return forwarding;

        // Decided before the first byte is read: only what is kept can be sent again.
        if (mayRepeat) request.EnableBuffering(_options.Retry.BodyBytesMax + 1);
        forwarding.Body = new RequestBody(request.Body, forwarding.BodyEnded);
        request.Body = forwarding.Body;
        return forwarding;
    }

    private bool IsRetryOn(ServicePolicy policy) => policy.Retry ?? _options.Retry.Enabled;

    // An upgrade is a conversation, and so is a gRPC call, which comes as POST.
    private static bool IsHarmlessTwice(HttpRequest request, ServicePolicy policy) =>
        !IsUpgrade(request)
        && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)
            || (policy.HonoursIdempotencyKey && request.Headers.ContainsKey("Idempotency-Key")));

    private static bool IsUpgrade(HttpRequest request) => request.Headers.ContainsKey("Upgrade") || HttpMethods.IsConnect(request.Method);

    private bool IsWithinBodyLimit(HttpContext context, ServicePolicy policy)
    {
        long max = policy.BodyBytesMax ?? _options.Limits.BodyBytesMax;
        if (context.Request.ContentLength > max) return false;
        // A body of unknown length is counted by Kestrel while it is forwarded.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = max;
        return true;
    }

    private static Task AnswerAsync(HttpContext context, Forwarding forwarding, GatewayFault fault)
    {
        if (fault == GatewayFault.ClientGone)
        {
            if (!context.Response.HasStarted) context.Response.StatusCode = fault.Status; // for the access log; nobody reads it
            return Task.CompletedTask;
        }

        string tries = forwarding.Tried.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" ({forwarding.Tried.Count} tries)") : "";
        TimeSpan? retryAfter = fault.Status == 503 ? TimeSpan.FromSeconds(1) : null;
        return GatewayProblem.WriteAsync(context, fault, $"service '{forwarding.Service.Name}'{tries}", retryAfter);
    }
}

/// <summary>What the tries of all requests share.</summary>
internal sealed record ForwardContext(
    CurrentTable Table, Ejections Ejections, RetryBudgets Budgets, GatewayMeter Meter, IOptions<GatewayOptions> Options, TimeProvider Time);
