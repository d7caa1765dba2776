using Microsoft.Extensions.Configuration;
using Xunit;

namespace Quintet.Chassis.Tests.Configuration;

public sealed class EnvironmentTests
{
    [Theory]
    [InlineData("PORT", "http")]
    [InlineData("PORT", "70000")]
    [InlineData("QUINTET_SERVICE", "../users")]
    [InlineData("QUINTET_SERVICE", "-users")]
    [InlineData("QUINTET_SERVICE", "Users")]
    [InlineData("AMQP_URL", "127.0.0.1:5672")]
    [InlineData("AMQP_URL", "http://users:hidden@127.0.0.1")]
    public void A_variable_that_cannot_be_read_is_named_and_a_password_is_not(string variable, string value)
    {
        FormatException fault = Assert.Throws<FormatException>(() => From((variable, value)));

        Assert.Contains(variable, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_any_variable_a_service_is_itself()
    {
        ChassisOptions options = From();

        Assert.Equal("my-service", options.Service);
        Assert.StartsWith("my-service-", options.Instance, StringComparison.Ordinal);
        Assert.Null(options.Port);
        Assert.Null(options.RegistryAddress);
        Assert.Empty(options.Routes);
    }

    private static ChassisOptions From(params (string Name, string Value)[] variables) => ChassisOptions.From(
        new ConfigurationBuilder().AddInMemoryCollection(variables.ToDictionary(v => v.Name, v => (string?)v.Value)).Build(), "Quintet.My service");
}
