namespace Quintet.Chassis.Discovery;

/// <summary>
/// Stands before service discovery and says in words that a service has no healthy instance: without it the name would fall through to
/// DNS, whose answer misleads.
/// </summary>
internal sealed class InstanceHandler(ServiceInstances instances) : DelegatingHandler
{
    // Long enough for the first answer of a registry that starts at the same moment.
    private static readonly TimeSpan FirstAnswerMax = TimeSpan.FromSeconds(2);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.RequestUri is { IsDefaultPort: true, Host: var host } && ServiceInstances.IsServiceName(host))
        {
            InstanceWatch watch = instances.Of(host);
            await watch.AnsweredAsync(FirstAnswerMax, cancellationToken);
            if (watch.Current.Count == 0)
                throw new HttpRequestException(HttpRequestError.NameResolutionError, $"no instance of '{host}' passes its health check in the registry");
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
