using Quintet.Console.Pages;

namespace Quintet.Console.Tests.Pages;

public sealed class LogSearchTests
{
    [Fact]
    public void What_is_looked_for_stands_in_the_address()
    {
        LogSearch search = LogSearch.Read(" it broke & fell ", "users-1", 17, 1440);

        Assert.Equal("/logs?text=it%20broke%20%26%20fell&instance=users-1&severity=17&minutes=1440", search.ToPath());
        Assert.Equal("/logs?instance=users-1&severity=17&minutes=1440", (search with { Text = "" }).ToPath());
        Assert.Equal("/logs", LogSearch.Read(null, null, null, null).ToPath());
    }

    [Fact]
    public void What_is_no_choice_is_left_out() => Assert.Equal(new LogSearch(), LogSearch.Read("", " ", 4, -1));
}
