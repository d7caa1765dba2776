using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Quintet.Chassis.Http;
using Xunit;

namespace Quintet.Chassis.Tests.Http;

public sealed class ConditionTests
{
    [Theory]
    [InlineData(null, 428)]
    [InlineData("\"6\"", 412)]
    [InlineData("W/\"7\"", 412)]
    [InlineData("\"7\"", null)]
    [InlineData("\"6\", \"7\"", null)]
    [InlineData("*", null)]
    public void A_change_needs_the_version_it_was_made_on(string? ifMatch, int? status)
    {
        HttpRequest request = new DefaultHttpContext().Request;
        if (ifMatch is not null) request.Headers.IfMatch = ifMatch;

        ProblemHttpResult? refused = EntityVersion.Refuse(request, 7);

        Assert.Equal(status, refused?.StatusCode);
    }

    [Theory]
    [InlineData("", 0, 50, 0)]
    [InlineData("?limit=2&after=9", 9, 2, 0)]
    [InlineData("?limit=0", 0, 1, 1)]
    [InlineData("?limit=501&after=-1", 0, 500, 2)]
    [InlineData("?limit=many&after=%20", 0, 1, 2)]
    public void A_page_is_read_from_the_request(string query, long after, int limit, int faultCount)
    {
        HttpRequest request = new DefaultHttpContext().Request;
        request.QueryString = new QueryString(query);
        Faults faults = new();

        Paging paging = Paging.Read(request, faults);

        Assert.Equal(faultCount, faults.Any ? faults.ToProblem().ProblemDetails.Errors.Count : 0);
        if (!faults.Any) Assert.Equal(new Paging(after, limit), paging);
    }

    [Fact]
    public void The_next_page_keeps_the_other_parameters()
    {
        HttpRequest request = new DefaultHttpContext().Request;
        request.Path = "/notifications";
        request.QueryString = new QueryString("?user_id=4&limit=2&after=1");

        Assert.Equal("/notifications?user_id=4&limit=2&after=8", new Paging(1, 2).Next(request, 2, 8));
        Assert.Null(new Paging(1, 2).Next(request, 1, 8));
    }
}
