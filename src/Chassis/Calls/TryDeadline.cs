using Microsoft.Extensions.Options;
using Quintet.Hosting.Deadlines;

namespace Quintet.Chassis.Calls;

/// <summary>Stands behind the repetitions and tells the other side how long this try is waited for: beyond that its work would be in vain.</summary>
internal sealed class TryDeadline(IOptions<CallOptions> options, TimeProvider time) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        TimeSpan left = CallDeadline.LeftOf(request, time);
        request.Headers.Remove(DeadlineHeader.Name);
        request.Headers.Add(DeadlineHeader.Name, DeadlineHeader.Write(left < options.Value.TryTimeout ? left : options.Value.TryTimeout));
        return base.SendAsync(request, cancellationToken);
    }
}
