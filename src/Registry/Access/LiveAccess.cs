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
    private readonly IConfiguration _configuration;
    private readonly IEnumerable<IValidateOptions<RegistryOptions>> _rules;
    private readonly ILogger<LiveAccess> _logger;
    private readonly IDisposable _reloads;
    private AccessConfig _current;

    public LiveAccess(
        IOptions<RegistryOptions> options, IConfiguration configuration, IEnumerable<IValidateOptions<RegistryOptions>> rules, ILogger<LiveAccess> logger)
    {
        (_configuration, _rules, _logger) = (configuration, rules, logger);
        _current = new AccessConfig(options.Value);
        _reloads = ChangeToken.OnChange(configuration.GetReloadToken, Reload);
    }

    public AccessConfig Current => Volatile.Read(ref _current);

    public void Dispose() => _reloads.Dispose();

    private void Reload()
    {
        RegistryOptions options = new();
        try
        {
            _configuration.GetSection("Registry").Bind(options);
        }
        catch (InvalidOperationException fault) // a value of the wrong kind
        {
            Log.Kept(_logger, fault.Message);
            return;
        }

        string[] faults = [.. _rules.Select(rule => rule.Validate(Options.DefaultName, options))
            .Where(result => result.Failed).SelectMany(result => result.Failures ?? [])];
        if (faults.Length > 0)
            Log.Kept(_logger, string.Join("; ", faults));
        else if (options.Tokens.Count == 0 && Current.HasTokens)
            // An editor that removes the file before it writes the new one must not open the registry to everybody.
            Log.Kept(_logger, "it names no token any more; restart the registry if that is meant");
        else
        {
            Volatile.Write(ref _current, new AccessConfig(options));
            Log.TakenOver(_logger, options.Tokens.Count, options.Anonymous);
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
