using Quintet.Manifest;
using Quintet.Supervision;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Quintet.Tests.Engines;

/// <summary>What was applied is used whole, or refused with what to run.</summary>
public sealed class EngineAccountsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly StateFolder _state;

    public EngineAccountsTests()
    {
        _state = new StateFolder(_folder["state"]);
        _state.Create();
    }

    [Fact]
    public void Without_apply_all_share_the_environments_credentials_and_are_warned()
    {
        SystemManifest manifest = Read();
        EngineAccounts accounts = new(_state);

        accounts.Check(manifest);

        Assert.Equal(2, accounts.Warnings(manifest.Engines).Count(w => w.Contains("'quintet engines apply'", StringComparison.Ordinal)));
        Assert.False(accounts.HasBroker || accounts.HasRegistry);
    }

    [Fact]
    public void After_apply_each_service_and_part_presents_its_own()
    {
        SystemManifest manifest = Read();
        Apply(manifest);
        Credentials credentials = CredentialsOf(manifest);
        Secrets secrets = Secrets.Open(_state.Secrets);

        Assert.Equal($"amqp://shop.users:{secrets.Of("broker", "users")}@rabbit.example:5672/shop", credentials.AmqpUrl("users"));
        string[] tokens = [.. ((string[])["users", "gateway", "supervisor"]).Select(credentials.RegistryToken)];
        Assert.Equal(3, tokens.Distinct().Count());
        Assert.All(tokens, token => Assert.True(Guid.TryParse(token, out _)));
        Assert.Empty(new EngineAccounts(_state).Warnings(manifest.Engines));
    }

    [Fact]
    public void Without_a_database_of_its_own_no_service_starts_on_PostgreSQL()
    {
        SystemManifest manifest = Read(text => text.Replace("engines:", "engines:\n  database: postgres://db.example", StringComparison.Ordinal));

        ConflictException refused = Assert.Throws<ConflictException>(() => new EngineAccounts(_state).Check(manifest));

        Assert.Equal("no service has a database at engines.database yet; run 'quintet engines apply'", refused.Message);
    }

    [Fact]
    public void A_registry_without_access_control_has_nothing_to_give()
    {
        SystemManifest manifest = Read();
        Apply(manifest, hasAccounts: false);
        EngineAccounts accounts = new(_state);

        accounts.Check(manifest);

        Assert.False(accounts.HasRegistry);
        Assert.Empty(accounts.Warnings(manifest.Engines));
    }

    [Theory]
    [InlineData("amqp://rabbit.example", "amqp://other.example",
        "engines.broker is amqp://other.example:5672/shop, but amqp://rabbit.example:5672/shop was set up")]
    [InlineData("system: shop", "system: store", "the accounts at engines.registry are those of the system 'shop', and this is 'store'")]
    [InlineData("  users:", "  people:", "people has no account at engines.broker yet")]
    [InlineData("[users.made]", "[users.made, users.gone]", "the account of users at engines.broker does not reach users.gone yet")]
    [InlineData("age: 7D", "age: 8D", "history: is not set up at engines.broker as the manifest has it")]
    public void What_was_not_applied_is_refused_with_what_to_run(string before, string after, string fault)
    {
        Apply(Read());

        SystemManifest changed = Read(text => text.Replace(before, after, StringComparison.Ordinal));

        ConflictException refused = Assert.Throws<ConflictException>(() => new EngineAccounts(_state).Check(changed));

        Assert.Contains($"{fault}; run 'quintet engines apply'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_account_may_do_more_than_the_manifest_says_until_it_is_applied_again()
    {
        Apply(Read());

        new EngineAccounts(_state).Check(Read(text => text.Replace("[users.made]", "[]", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_deploy_takes_what_was_applied_since_the_start()
    {
        SystemManifest running = Read();
        EngineAccounts accounts = new(_state);
        ServiceManifest wanted = Read(text => text.Replace("[users.made]", "[users.made, users.gone]", StringComparison.Ordinal)).Services[0];
        Apply(running);
        Assert.Throws<ConflictException>(() => accounts.Take(running, wanted));
        Apply(running with { Services = [wanted] });

        accounts.Take(running, wanted);

        Assert.True(accounts.HasBroker);
    }

    [Fact]
    public void A_record_that_cannot_be_read_says_what_to_do()
    {
        File.WriteAllText(_state.Engines, "{");

        IOException fault = Assert.Throws<IOException>(() => new EngineAccounts(_state));

        Assert.Contains("Remove it and run 'quintet engines apply'", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private Credentials CredentialsOf(SystemManifest manifest)
    {
        Secrets secrets = Secrets.Open(_state.Secrets);
        Credentials credentials = new(manifest, Endpoints.Of(manifest, null), secrets, new EngineAccounts(_state));
        _ = (credentials.AmqpUrl("users"), credentials.RegistryToken("users"));
        secrets.Save();
        return credentials;
    }

    private void Apply(SystemManifest manifest, bool hasAccounts = true)
    {
        AppliedService[] services = [.. manifest.Services.Select(AppliedService.Of)];
        new EngineRecord
        {
            Broker = new(Endpoints.Text(manifest.Engines.Broker!), "3.10.8", manifest.System, DateTimeOffset.UnixEpoch)
            {
                Services = services,
                History = manifest.History,
            },
            Registry = new(Endpoints.Text(manifest.Engines.Registry!), "1.8.7", manifest.System, DateTimeOffset.UnixEpoch)
            {
                Services = services,
                HasAccounts = hasAccounts,
            },
        }.Write(_state);
    }

    private SystemManifest Read(Func<string, string>? change = null)
    {
        const string text =
            """
            system: shop
            services:
              users:
                command: x
                publishes: [users.made]
            engines:
              broker: amqp://rabbit.example:5672/shop
              registry: http://consul.example:8500
            history: { age: 7D }
            """;
        File.WriteAllText(_folder["quintet.yaml"], change is null ? text : change(text));
        return ManifestReader.Read(_folder["quintet.yaml"]);
    }
}
