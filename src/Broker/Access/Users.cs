using Microsoft.Extensions.Options;
using Quintet.Hosting.Settings;

namespace Quintet.Broker.Access;

/// <summary>The users of the settings, swapped as a whole when the settings change.</summary>
internal sealed class Users : IDisposable
{
    private readonly IDisposable? _subscription;
    private volatile IReadOnlyDictionary<string, BrokerUser> _byName;

    public Users(IOptionsMonitor<BrokerOptions> options)
    {
        _byName = Build(options.CurrentValue);
        _subscription = options.OnChange(changed => _byName = Build(changed));
    }

    public IEnumerable<BrokerUser> All => _byName.Values;

    /// <summary>The user as it is now, null when it is gone.</summary>
    public BrokerUser? Find(string name) => _byName.GetValueOrDefault(name);

    public BrokerUser? Login(string name, string password) => Find(name) is { } user && user.HasPassword(password) ? user : null;

    public void Dispose() => _subscription?.Dispose();

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
}
