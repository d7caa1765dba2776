using System.Net;
using Xunit;

namespace Quintet.TestKit.Systems;

/// <summary>Statements about answers whose failure tells what was said.</summary>
public static class Answers
{
    public static async Task AreAsync(HttpStatusCode expected, HttpResponseMessage answer, CancellationToken cancellation) =>
        Assert.True(
            expected == answer.StatusCode,
            $"{(int)answer.StatusCode} instead of {(int)expected}: {await answer.Content.ReadAsStringAsync(cancellation)}");
}
