using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Quintet.Gateway.Errors;

namespace Quintet.Gateway.Limits;

/// <summary>A token bucket a client. Health probes are not counted.</summary>
internal sealed class ClientRate : IDisposable
{
    private readonly PartitionedRateLimiter<HttpContext>? _limiter;

    public ClientRate(IOptions<GatewayOptions> options)
    {
        RateOptions rate = options.Value.Rate;
        if (rate.PerSecond == 0) return;
        TimeSpan period = TimeSpan.FromMilliseconds(100);
        TokenBucketRateLimiterOptions bucket = new()
        {
            TokenLimit = rate.Burst,
            TokensPerPeriod = Math.Max(1, rate.PerSecond / 10),
            ReplenishmentPeriod = rate.PerSecond >= 10 ? period : TimeSpan.FromSeconds(1.0 / rate.PerSecond),
            AutoReplenishment = true,
            QueueLimit = 0,
        };
        _limiter = PartitionedRateLimiter.Create<HttpContext, IPAddress>(context => RateLimitPartition.GetTokenBucketLimiter(ClientOf(context), _ => bucket));
    }

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (_limiter is not null && !context.Request.Path.StartsWithSegments("/health"))
        {
            using RateLimitLease lease = _limiter.AttemptAcquire(context);
            if (!lease.IsAcquired)
            {
                TimeSpan wait = lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? after : TimeSpan.FromSeconds(1);
                await GatewayProblem.WriteAsync(context, GatewayFault.TooManyRequests, null, wait);
                return;
            }
        }

        await next(context);
    }

    public void Dispose() => _limiter?.Dispose();

    // One home or one machine has a whole /64, so that is the client.
    private static IPAddress ClientOf(HttpContext context)
    {
        IPAddress address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily is not AddressFamily.InterNetworkV6) return address;
        byte[] bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
