using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Quintet.Registry.Access;

/// <summary>
/// The credentials in use. A changed settings file is taken over when it is whole and valid; otherwise the last good one stays.
/// </summary>
internal sealed partial class LiveAccess : IDisposable
{
    private readonly IOptionsFactory<RegistryOptions> _factory;
    private readonly ILogger<LiveAccess> _logger;
    private readonly IDisposable _reloads;
    private AccessConfig _current;

    public LiveAccess(
        IOptions<RegistryOptions> options, IOptionsFactory<RegistryOptions> factory, IConfiguration configuration, ILogger<LiveAccess> logger)
    {
        (_factory, _logger) = (factory, logger);
        _current = new AccessConfig(options.Value);
        _reloads = ChangeToken.OnChange(configuration.GetReloadToken, Reload);
    }

    public AccessConfig Current => Volatile.Read(ref _current);

    public void Dispose() => _reloads.Dispose();

    private void Reload()
    {
        try
        {
            RegistryOptions options = _factory.Create(Options.DefaultName);
            if (options.Tokens.Count == 0 && Current.HasTokens)
            {
                // An editor that removes the file before it writes the new one must not open the registry to everybody.
                Log.Kept(_logger, "it names no token any more; restart the registry if that is meant");
                return;
            }

            Volatile.Write(ref _current, new AccessConfig(options));
            Log.TakenOver(_logger, options.Tokens.Count, options.Anonymous);
        }
        catch (OptionsValidationException fault)
        {
            Log.Kept(_logger, string.Join("; ", fault.Failures));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2010, LogLevel.Information, "New credentials were taken over: {Tokens} tokens, anonymous {Anonymous}")]
        public static partial void TakenOver(ILogger logger, int tokens, AnonymousAccess anonymous);

        [LoggerMessage(2011, LogLevel.Warning, "The changed settings were not taken over: {Faults}")]
        public static partial void Kept(ILogger logger, string faults);
    }
}
