using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Access;

/// <summary>
/// Everybody who may log in: the users of the settings, which are only changed there, and those the broker stores. The settings win where both
/// know a name. A changed settings file is taken over when it is whole and valid and still names a user; otherwise the last good ones stay.
/// While there is neither, there is <c>guest</c>; the first user who is stored has it stored, too, and from then on it is one like any other,
/// but counts only while the settings name nobody.
/// </summary>
internal sealed partial class Users : IDisposable
{
    private readonly IOptionsFactory<BrokerOptions> _factory;
    private readonly ILogger<Users> _logger;
    private readonly UserStore _store;
    private readonly VirtualHosts _vhosts;
    private readonly int _most;
    private readonly IDisposable _reloads;
    private readonly SemaphoreSlim _changes = new(1, 1);
    private readonly Lock _gate = new();
    // Guarded by _gate.
    private readonly Dictionary<string, BrokerUser> _stored = new(StringComparer.Ordinal);
    private Dictionary<string, BrokerUser> _named;
    private volatile IReadOnlyDictionary<string, BrokerUser> _byName = new Dictionary<string, BrokerUser>();
    // Guarded by _changes.
    private bool _guestIsUnwritten;

    public Users(BrokerNode node, IOptions<BrokerOptions> options, IOptionsFactory<BrokerOptions> factory, IConfiguration configuration,
        ILogger<Users> logger)
    {
        (_factory, _logger, _vhosts) = (factory, logger, node.VirtualHosts);
        _most = options.Value.Limits.Users;
        _store = new UserStore(node.DefinitionsLog);
        _named = Build(options.Value);
        foreach (UserSettings user in _store.Read()) _stored[user.Name] = new BrokerUser(WithKnownVhosts(user));
        if (_named.Count == 0 && _stored.Count == 0)
        {
            _guestIsUnwritten = true;
            _stored[BrokerUser.GuestName] = new BrokerUser(UserSettings.Guest());
        }

        Merge();
        _vhosts.Deleted += ForgetVhostAsync;
        _reloads = ChangeToken.OnChange(configuration.GetReloadToken, Reload);
    }

    /// <summary>Raised when a stored user is gone.</summary>
    public event Action<string>? Deleted;

    public IEnumerable<BrokerUser> All => _byName.Values.OrderBy(user => user.Name, StringComparer.Ordinal);

    /// <summary>The user as it is now, null when it is gone.</summary>
    public BrokerUser? Find(string name) => _byName.GetValueOrDefault(name);

    public BrokerUser? Login(string name, string password) => Find(name) is { } user && user.HasPassword(password) ? user : null;

    /// <summary>Stores a user, changes a stored one, or removes it (null). Counts at once, for those who are connected too, when it is on disk.</summary>
    /// <returns>True when the user was not there before.</returns>
    /// <exception cref="ChangeRefusedException">The user is one of the settings, or there are too many, or the name is too long.</exception>
    public async Task<bool> ChangeAsync(string name, Func<UserSettings?, UserSettings?> change)
    {
        await _changes.WaitAsync();
        try
        {
            UserSettings? before = Stored(name);
            UserSettings? after = change(before);
            Require(name, before, after);
            if (Equals(before, after)) return false;
            if (_guestIsUnwritten && name != BrokerUser.GuestName) await _store.PutAsync(Stored(BrokerUser.GuestName)!);
            after = after is null ? null : after with { Origin = OriginOf(before, after) };
            await (after is null ? _store.RemoveAsync(name) : _store.PutAsync(after));
            _guestIsUnwritten = false;
            lock (_gate)
            {
                if (after is null) _stored.Remove(name);
                else _stored[name] = new BrokerUser(after);
                Merge();
            }

            Log.Changed(_logger, name, after is null ? "removed" : before is null ? "stored" : "changed");
            if (after is null) Deleted?.Invoke(name);
            return before is null;
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Stores or changes many users at once, so that all of them share a sync; none when one is refused.</summary>
    /// <exception cref="ChangeRefusedException">As with one.</exception>
    public async Task ChangeManyAsync(IReadOnlyCollection<(string Name, Func<UserSettings?, UserSettings> Change)> changes)
    {
        await _changes.WaitAsync();
        try
        {
            Dictionary<string, UserSettings> changed = new(StringComparer.Ordinal);
            int added = 0;
            foreach ((string name, Func<UserSettings?, UserSettings> change) in changes)
            {
                UserSettings? before = changed.GetValueOrDefault(name) ?? Stored(name);
                UserSettings after = change(before);
                Require(name, before, after, added);
                if (before is null) added++;
                if (!Equals(before, after)) changed[name] = after with { Origin = OriginOf(before, after) };
            }

            if (changed.Count == 0) return;
            List<Task> stored = [.. changed.Values.Select(_store.PutAsync)];
            if (_guestIsUnwritten && !changed.ContainsKey(BrokerUser.GuestName)) stored.Add(_store.PutAsync(Stored(BrokerUser.GuestName)!));
            await Task.WhenAll(stored);
            _guestIsUnwritten = false;
            lock (_gate)
            {
                foreach (UserSettings user in changed.Values) _stored[user.Name] = new BrokerUser(user);
                Merge();
            }

            Log.ChangedMany(_logger, changed.Count, added);
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>At the start, before a file of definitions that names users: then nobody is let in whom neither it nor the settings name.</summary>
    public void DropDefaultGuest()
    {
        lock (_gate)
        {
            if (!_guestIsUnwritten) return;
            _guestIsUnwritten = false;
            _stored.Remove(BrokerUser.GuestName);
            Merge();
        }
    }

    /// <summary>True for a user that only the settings file can change.</summary>
    public bool IsOfSettings(string name)
    {
        lock (_gate) return _named.ContainsKey(name);
    }

    public void Dispose()
    {
        _vhosts.Deleted -= ForgetVhostAsync;
        _reloads.Dispose();
        _changes.Dispose();
    }

    // The default guest with more rights is still the default guest; with a password of its own it is a user.
    private static UserOrigin OriginOf(UserSettings? before, UserSettings after) =>
        before is { Origin: UserOrigin.Default } && before.Password == after.Password ? UserOrigin.Default : UserOrigin.Stored;

    private void Require(string name, UserSettings? before, UserSettings? after, int added = 0)
    {
        if (IsOfSettings(name))
            throw new ChangeRefusedException($"user '{name}' is described by the settings of the broker (Broker:Users) and is only changed there");
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > UserSettings.NameBytesMax)
            throw new ChangeRefusedException($"the name of a user is 1 to {UserSettings.NameBytesMax} octets long");
        if (before is null && after is not null && _stored.Count + added >= _most)
            throw new ChangeRefusedException($"cannot create user '{name}': user limit of {_most} is reached");
        if (before is not null && after is null && _guestIsUnwritten)
            throw new ChangeRefusedException("guest is the only user: store another first, or nobody could log in any more");
    }

    private UserSettings? Stored(string name)
    {
        lock (_gate) return _stored.GetValueOrDefault(name)?.Settings;
    }

    private async Task ForgetVhostAsync(string vhost)
    {
        UserSettings[] concerned;
        lock (_gate)
            concerned = [.. _stored.Values.Select(user => user.Settings).Where(user => user.Knows(vhost))];
        foreach (UserSettings user in concerned) await ChangeAsync(user.Name, current => current?.Without(vhost));
    }

    // A crash between the end of a virtual host and that of the rights in it leaves them behind.
    private UserSettings WithKnownVhosts(UserSettings user) => user with
    {
        Permissions = [.. user.Permissions.Where(permission => _vhosts.Find(permission.Vhost) is not null)],
        TopicPermissions = [.. user.TopicPermissions.Where(permission => _vhosts.Find(permission.Vhost) is not null)],
    };

    private void Merge()
    {
        Dictionary<string, BrokerUser> merged = new(StringComparer.Ordinal);
        foreach (BrokerUser user in _stored.Values)
            if (user.Settings.Origin != UserOrigin.Default || _named.Count == 0) merged[user.Name] = user;
        foreach (BrokerUser user in _named.Values) merged[user.Name] = user;
        _byName = merged;
    }

    private void Reload()
    {
        try
        {
            BrokerOptions changed = _factory.Create(Options.DefaultName);
            lock (_gate)
            {
                if (changed.Users.Count > 0)
                {
                    _named = Build(changed);
                    Merge();
                    Log.TakenOver(_logger, changed.Users.Count);
                }
                else if (_named.Count > 0)
                {
                    // An editor that removes the file before it writes the new one must neither shut the services out nor let a guest in.
                    Log.Kept(_logger, "they name no user any more; restart the broker if that is meant");
                }
            }
        }
        catch (OptionsValidationException fault)
        {
            Log.Kept(_logger, string.Join("; ", fault.Failures));
        }
    }

    private static Dictionary<string, BrokerUser> Build(BrokerOptions options) =>
        options.Users.ToDictionary(user => user.Name, user => new BrokerUser(UserSettings.Of(user)), StringComparer.Ordinal);

    private static partial class Log
    {
        [LoggerMessage(1130, LogLevel.Information, "New credentials were taken over: {Users} users")]
        public static partial void TakenOver(ILogger logger, int users);

        [LoggerMessage(1131, LogLevel.Warning, "The changed settings were not taken over, the users stay as they were: {Faults}")]
        public static partial void Kept(ILogger logger, string faults);

        [LoggerMessage(1132, LogLevel.Information, "User {User} was {Done}")]
        public static partial void Changed(ILogger logger, string user, string done);

        [LoggerMessage(1133, LogLevel.Information, "{Users} users were stored, {Added} of them new")]
        public static partial void ChangedMany(ILogger logger, int users, int added);
    }
}
