using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Quintet.ConfigServer.Http;
using Quintet.ConfigServer.Tests.Server;
using Xunit;

namespace Quintet.ConfigServer.Tests.Environments;

/// <summary>A fault of the server itself is said to be one, and says nothing of what is inside.</summary>
public sealed class UnexpectedErrorTests
{
    [Theory]
    [InlineData("/_ext/v1/config/boom")]
    [InlineData("/boom/default")]
    public async Task A_fault_nobody_expected_is_500_without_its_text(string path)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using WebApplication app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.UseErrorAnswers(TimeProvider.System);
        app.MapGet(path, string () => throw new InvalidOperationException("inner workings"));
        await app.StartAsync(TestContext.Current.CancellationToken);
        using HttpClient client = new(new SocketsHttpHandler()) { BaseAddress = new Uri(app.Urls.First()) };

        using HttpResponseMessage answer = await client.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.DoesNotContain("inner", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        if (path.StartsWith("/_ext", StringComparison.Ordinal)) Assert.Equal("config-internal", await RunningServer.ProblemOf(answer));
    }
}
