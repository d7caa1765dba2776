using System.Text.Json;
using Quintet.Client.Broker;
using Quintet.Engines;
using Quintet.Supervision.State;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.Quintet.Tests.Engines;

/// <summary>What engines say of themselves, and how it is read.</summary>
public sealed class EngineFactsTests
{
    [Theory]
    [InlineData("3.10.8", true)]
    [InlineData("3.9.27", false)]
    [InlineData("4.0.0-rc.1", true)]
    [InlineData("3.10+", true)]
    [InlineData("3", false)]
    [InlineData("4", true)]
    [InlineData("new", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_version_is_compared_number_by_number(string? version, bool isEnough)
    {
        Assert.Equal(isEnough, EngineVersion.IsEnough(version, EngineVersion.RabbitLeast));
    }

    [Theory]
    // As RabbitMQ's documentation computes it for "test12".
    [InlineData("test12", "rabbit_password_hashing_sha256", "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR", true)]
    [InlineData("test13", "rabbit_password_hashing_sha256", "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR", false)]
    [InlineData("test12", "rabbit_password_hashing_sha512", "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR", false)]
    [InlineData("test12", "rabbit_password_hashing_sha256", "no base64 at all", false)]
    [InlineData("", "rabbit_password_hashing_sha256", "", false)]
    public void A_password_is_known_by_its_hash(string password, string algorithm, string hash, bool isIt)
    {
        UserInfo user = new("ann", default(JsonElement)) { PasswordHash = hash, HashingAlgorithm = algorithm };

        Assert.Equal(isIt, RabbitPassword.IsOf(user, password));
    }

    [Fact]
    public void Secrets_that_another_process_made_meanwhile_are_kept_and_used()
    {
        using TempFolder folder = new();
        Secrets supervisor = Secrets.Open(folder["secrets.json"]);
        Secrets apply = Secrets.Open(folder["secrets.json"]);
        string first = supervisor.Of("control");
        supervisor.Save();
        string made = apply.Of("broker", "users");
        apply.Save();
        string second = supervisor.Of("broker", "orders");
        supervisor.Save();

        Assert.Equal(made, supervisor.Of("broker", "users"));
        Secrets read = Secrets.Open(folder["secrets.json"]);
        Assert.Equal((first, made, second), (read.Of("control"), read.Of("broker", "users"), read.Of("broker", "orders")));
    }
}
