using Quintet.Console.Parts;

namespace Quintet.Console.Tests.Parts;

public sealed class SecretNameTests
{
    [Theory]
    [InlineData("users/smtp/pass")]
    [InlineData("mail.smtp.password")]
    [InlineData("secrets/users/smtp")]
    [InlineData("API_KEY")]
    [InlineData("keys/1")]
    [InlineData("clientSecret")]
    [InlineData("users/database-url")]
    public void Names_of_secrets_hide_their_values(string name) => Assert.True(SecretName.Is(name));

    [Theory]
    [InlineData("welcome.subject")]
    [InlineData("users/flag")]
    [InlineData("compass")]
    [InlineData("monkey")]
    [InlineData("quintet/gateway/users")]
    public void Others_are_shown(string name) => Assert.False(SecretName.Is(name));
}
