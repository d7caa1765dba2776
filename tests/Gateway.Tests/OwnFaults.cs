using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Gateway.Requests;
using Quintet.Gateway.Tests.Doubles;

namespace Quintet.Gateway.Tests;

public sealed class OwnFaults
{
    [Fact]
    public async Task A_fault_nobody_expected_is_500_without_its_text()
    {
        await using RunningGateway gateway = await RunningGateway.StartUnreadyAsync("http://127.0.0.1:1");
        RequestDelegate broken = _ => throw new InvalidOperationException("inner workings");
        RequestStep step = ActivatorUtilities.CreateInstance<RequestStep>(gateway.App.Services, broken);
        using MemoryStream body = new();
        DefaultHttpContext context = new() { Response = { Body = body } };

        await step.InvokeAsync(context);

        string answer = Encoding.UTF8.GetString(body.ToArray());
        Assert.Equal(StatusCodes.Status500InternalServerError, context.Response.StatusCode);
        Assert.Contains("\"urn:quintet:error:internal\"", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("inner", answer, StringComparison.Ordinal);
    }
}
