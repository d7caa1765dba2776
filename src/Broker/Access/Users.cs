using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Quintet.Hosting.Settings;

namespace Quintet.Broker.Access;

/// <summary>
/// The users of the settings, swapped as a whole. A changed settings file is taken over when it is whole and valid and still names a user;
/// otherwise the last good ones stay.
/// </summary>
internal sealed partial class Users : IDisposable
{
    private readonly IConfiguration _configuration;
    private readonly IEnumerable<IValidateOptions<BrokerOptions>> _rules;
    private readonly ILogger<Users> _logger;
    private readonly IDisposable _reloads;
    private volatile IReadOnlyDictionary<string, BrokerUser> _byName;

    public Users(
        IOptions<BrokerOptions> options, IConfiguration configuration, IEnumerable<IValidateOptions<BrokerOptions>> rules, ILogger<Users> logger)
    {
        (_configuration, _rules, _logger) = (configuration, rules, logger);
        _byName = Build(options.Value);
        _reloads = ChangeToken.OnChange(configuration.GetReloadToken, Reload);
    }

    public IEnumerable<BrokerUser> All => _byName.Values;

    /// <summary>The user as it is now, null when it is gone.</summary>
    public BrokerUser? Find(string name) => _byName.GetValueOrDefault(name);

    public BrokerUser? Login(string name, string password) => Find(name) is { } user && user.HasPassword(password) ? user : null;

    public void Dispose() => _reloads.Dispose();

    private void Reload()
    {
        BrokerOptions changed = new();
        try
        {
            _configuration.GetSection("Broker").Bind(changed);
        }
        catch (InvalidOperationException fault) // a value of the wrong kind
        {
            Log.Kept(_logger, fault.Message);
            return;
        }

        string[] faults =
        [
            .. _rules.Select(rule => rule.Validate(Options.DefaultName, changed)).Where(result => result.Failed)
                .SelectMany(result => result.Failures ?? []),
        ];
        if (faults.Length > 0)
        {
            Log.Kept(_logger, string.Join("; ", faults));
        }
        else if (changed.Users.Count == 0)
        {
            // An editor that removes the file before it writes the new one must neither shut the services out nor let a guest in.
            if (!IsOpenToGuests) Log.Kept(_logger, "they name no user any more; restart the broker if that is meant");
        }
        else
        {
            _byName = Build(changed);
            Log.TakenOver(_logger, changed.Users.Count);
        }
    }

    private bool IsOpenToGuests => _byName.Values.All(user => user.IsFromLoopbackOnly);

    private static Dictionary<string, BrokerUser> Build(BrokerOptions options) =>
        options.Users.Count == 0
            ? new() { ["guest"] = new BrokerUser(Guest(), fromLoopbackOnly: true) }
            : options.Users.ToDictionary(user => user.Name, user => new BrokerUser(user), StringComparer.Ordinal);

    private static UserOptions Guest() => new()
    {
        Name = "guest",
        Password = new Secret("guest"),
        Tags = ["administrator"],
        Permissions = [new PermissionOptions { Vhost = "/", Configure = ".*", Write = ".*", Read = ".*" }],
    };

    private static partial class Log
    {
        [LoggerMessage(1130, LogLevel.Information, "New credentials were taken over: {Users} users")]
        public static partial void TakenOver(ILogger logger, int users);

        [LoggerMessage(1131, LogLevel.Warning, "The changed settings were not taken over, the users stay as they were: {Faults}")]
        public static partial void Kept(ILogger logger, string faults);
    }
}
