using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Quintet.Registry.Tables;
using Quintet.Registry.Telemetry;

namespace Quintet.Registry.Checks;

/// <summary>What one probe found.</summary>
internal sealed record ProbeResult(string Status, string Output);

/// <summary>Makes HTTP and TCP checks, so many at one time and no more.</summary>
internal sealed partial class Prober : IDisposable
{
    private const int RedirectsMax = 10; // Go's

    private readonly ProbeTargets _targets;
    private readonly RegistryMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<Prober> _logger;
    private readonly SemaphoreSlim _turns;
    private readonly Dictionary<(bool SkipsVerify, bool Redirects), HttpClient> _clients = [];

    public Prober(ProbeTargets targets, IOptions<RegistryOptions> options, RegistryMetrics metrics, TimeProvider time, ILogger<Prober> logger)
    {
        (_targets, _metrics, _time, _logger) = (targets, metrics, time, logger);
        _turns = new SemaphoreSlim(options.Value.Checks.ProbesMax);
        foreach (bool skipsVerify in (bool[])[false, true])
            foreach (bool redirects in (bool[])[false, true])
                _clients[(skipsVerify, redirects)] = CreateClient(skipsVerify, redirects);
    }

    public async Task<ProbeResult> ProbeAsync(CheckPlan plan, CancellationToken ended)
    {
        await _turns.WaitAsync(ended);
        try
        {
            using CancellationTokenSource timeout = new(plan.Timeout, _time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ended, timeout.Token);
            ProbeResult result = plan.Http.Length > 0 ? await ProbeHttpAsync(plan, either.Token) : await ProbeTcpAsync(plan, either.Token);
            ended.ThrowIfCancellationRequested();
            _metrics.Probed(plan.Http.Length > 0 ? "http" : "tcp", result.Status);
            return result;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // Whatever a strange target brings about must not end the loop that would see it recover.
            Log.ProbeFailed(_logger, fault, plan.Http.Length > 0 ? "HTTP" : "TCP");
            return new ProbeResult(CheckStatus.Critical, "the check could not be made");
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose()
    {
        foreach (HttpClient client in _clients.Values) client.Dispose();
        _turns.Dispose();
    }

    private async Task<ProbeResult> ProbeHttpAsync(CheckPlan plan, CancellationToken cancellation)
    {
        string method = plan.Method.Length > 0 ? plan.Method.ToUpperInvariant() : "GET";
        try
        {
            using HttpRequestMessage request = RequestOf(plan, method);
            using HttpResponseMessage response = await _clients[(plan.TlsSkipVerify, !plan.DisableRedirects)]
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            string body = await ReadAsync(response, plan.OutputBytesMax, cancellation);
            int code = (int)response.StatusCode;
            string status = code is >= 200 and < 300 ? CheckStatus.Passing : code == 429 ? CheckStatus.Warning : CheckStatus.Critical;
            return new ProbeResult(
                status, string.Create(CultureInfo.InvariantCulture, $"HTTP {method} {plan.Http}: {code} {ReasonOf(response)} Output: {body}"));
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or IOException or SocketException or FormatException)
        {
            string verb = method[..1] + method[1..].ToLowerInvariant();
            return new ProbeResult(CheckStatus.Critical, OutputText.Prefix($"{verb} \"{plan.Http}\": {Reason(fault)}", plan.OutputBytesMax));
        }
    }

    private async Task<ProbeResult> ProbeTcpAsync(CheckPlan plan, CancellationToken cancellation)
    {
        try
        {
            if (!CheckDefinition.TryParseHostAndPort(plan.Tcp, out DnsEndPoint? endpoint))
                throw new FormatException($"'{plan.Tcp}' is not host:port");
            using Socket socket = await _targets.ConnectAsync(endpoint!, cancellation);
            return new ProbeResult(CheckStatus.Passing, $"TCP connect {plan.Tcp}: Success");
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or IOException or FormatException)
        {
            return new ProbeResult(CheckStatus.Critical, OutputText.Prefix(Reason(fault), plan.OutputBytesMax));
        }
    }

    private static HttpRequestMessage RequestOf(CheckPlan plan, string method)
    {
        HttpRequestMessage request = new(new HttpMethod(method), plan.Http);
        if (plan.Body.Length > 0) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(plan.Body));
        request.Headers.ConnectionClose = true;
        foreach ((string name, ImmutableArray<string> values) in plan.Header ?? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty)
        {
            if (name.Equals("Host", StringComparison.OrdinalIgnoreCase)) request.Headers.Host = values.FirstOrDefault();
            else if (!request.Headers.TryAddWithoutValidation(name, values)) request.Content?.Headers.TryAddWithoutValidation(name, values);
        }

        if (request.Headers.UserAgent.Count == 0) request.Headers.TryAddWithoutValidation("User-Agent", "Consul Health Check");
        if (request.Headers.Accept.Count == 0) request.Headers.TryAddWithoutValidation("Accept", "text/plain, text/*, */*");
        return request;
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response, int bytesMax, CancellationToken cancellation)
    {
        byte[] body = new byte[bytesMax];
        using Stream stream = await response.Content.ReadAsStreamAsync(cancellation);
        int length = await stream.ReadAtLeastAsync(body, bytesMax, throwOnEndOfStream: false, cancellation);
        return Encoding.UTF8.GetString(body, 0, length);
    }

    private static string ReasonOf(HttpResponseMessage response) =>
        string.IsNullOrEmpty(response.ReasonPhrase) ? response.StatusCode.ToString() : response.ReasonPhrase;

    private static string Reason(Exception fault) =>
        fault is OperationCanceledException ? "context deadline exceeded (the check's Timeout passed)" : fault.GetBaseException().Message;

    private HttpClient CreateClient(bool skipsVerify, bool redirects)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = redirects,
            MaxAutomaticRedirections = RedirectsMax,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionLifetime = TimeSpan.Zero, // each probe is to find out whether a connection can be made
            ActivityHeadersPropagator = null,
            ConnectCallback = async (context, cancellation) =>
                new NetworkStream(await _targets.ConnectAsync(context.DnsEndPoint, cancellation), ownsSocket: true),
        };
#pragma warning disable CA5359 // TLSSkipVerify of the registration asks for it: the check is to say whether the instance answers, not who it is
        if (skipsVerify) handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static partial class Log
    {
        [LoggerMessage(2031, LogLevel.Error, "A check by {Type} failed in an unexpected way")]
        public static partial void ProbeFailed(ILogger logger, Exception fault, string type);
    }
}
