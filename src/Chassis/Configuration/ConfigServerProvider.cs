using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Configuration;
using Quintet.Client.Configuration;

namespace Quintet.Chassis.Configuration;

/// <summary>
/// Values from the configuration server, live: a change there is a reload here. It starts from the last good copy on disk and waits for
/// the server only a moment, since both often start together and neither may wait for the other for ever.
/// </summary>
internal sealed class ConfigServerProvider : ConfigurationProvider, IDisposable
{
    // With a copy at hand a start waits little; without one, values that are read only once would stay at their defaults.
    private static readonly TimeSpan FirstWaitWithCopy = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan FirstWaitWithoutCopy = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WatchFor = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(3);

    private readonly string _application;
    private readonly LastGoodCopy _copy;
    private readonly ConfigServerState _state;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _ending = new();
    private readonly ManualResetEventSlim _firstTry = new();
    private Task? _following;
    private bool _hasCopy;

    public ConfigServerProvider(ChassisOptions chassis, LastGoodCopy copy, ConfigServerState state, TimeProvider time)
    {
        _application = chassis.Service;
        _copy = copy;
        _state = state;
        _time = time;
        SocketsHttpHandler handler = new()
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(3),
            ActivityHeadersPropagator = null, // a long poll belongs to no trace
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(chassis.ConfigServerUrl!), Timeout = WatchFor + TimeSpan.FromSeconds(10) };
        if (chassis.ConfigServerToken is { } token) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public override void Load()
    {
        if (_following is not null) return; // a reload of all sources; this one is up to date by its watch
        Dictionary<string, string?>? copy = _copy.Read();
        _hasCopy = copy is not null;
        if (copy is not null) Data = copy;
        _following = Task.Run(FollowAsync);
        _firstTry.Wait(copy is null ? FirstWaitWithoutCopy : FirstWaitWithCopy);
    }

    public void Dispose()
    {
        _ending.Cancel();
        _http.Dispose();
    }

    private async Task FollowAsync()
    {
        ConfigServerClient server = new(_http);
        int failures = 0;
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                ServedConfiguration served = await server.GetAsync(_application, ConfigServerClient.DefaultProfile, null, _ending.Token);
                Take(served);
                failures = 0;
                _firstTry.Set();
                await ChangedAsync(server, served.Version ?? served.State);
            }
            catch (Exception) when (_ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is HttpRequestException or ConfigServerException or TaskCanceledException)
            {
                _state.Failed(fault.Message);
                _firstTry.Set();
                await PauseAsync(TimeSpan.FromMilliseconds(Math.Min(RetryMax.TotalMilliseconds, 100 * Math.Pow(2, Math.Min(failures++, 10)))));
            }
        }
    }

    /// <summary>Returns when something has changed, or may have.</summary>
    private async Task ChangedAsync(ConfigServerClient server, string? version)
    {
        try
        {
            while (await server.WatchAsync(_application, ConfigServerClient.DefaultProfile, null, version, WatchFor, _ending.Token) is null)
                if (version is null) return;
        }
        catch (ConfigServerException fault) when (fault.Status == HttpStatusCode.NotFound)
        {
            await PauseAsync(PollEvery); // a server of another make, which has no watch
        }
    }

    private void Take(ServedConfiguration served)
    {
        Dictionary<string, string?> values = new(StringComparer.OrdinalIgnoreCase);
        foreach (ServedProperty property in served.Properties) values[property.Key] = property.Value;
        _state.Served(served.Version ?? served.State);
        bool isSame = values.Count == Data.Count && values.All(pair => Data.TryGetValue(pair.Key, out string? old) && old == pair.Value);
        if (isSame && _hasCopy) return;

        Data = values;
        try
        {
            _copy.Write(values);
            _hasCopy = true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _state.Failed($"the last good copy cannot be written: {fault.Message}");
        }

        if (!isSame) OnReload();
    }

    private async Task PauseAsync(TimeSpan wait)
    {
        try
        {
            await Task.Delay(wait * (0.75 + Random.Shared.NextDouble() / 2), _time, _ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The loop looks at its token next.
        }
    }
}
