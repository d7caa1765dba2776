using System.Net;
using Quintet.Browser.Systems;
using Xunit;

namespace Quintet.Browser.Pages;

public sealed class KeyTests(WatchedSystem watched)
{
    private const string Key = "browser/greeting";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_that_somebody_else_changes_meanwhile_is_not_overwritten_and_what_was_typed_stays()
    {
        await using Visitor ann = await Visitor.LogInAsync(watched, "operator", Cancellation);
        await PutAsync("hello");
        await ann.OpenAsync($"/keys?key={Key}", Cancellation);
        await ann.SaysAsync("hello", Cancellation);

        await ann.ClickAsync("Edit…", "dialog textarea", Cancellation);
        Assert.Equal("hello", ann.Written("dialog textarea"));
        await PutAsync("good day");
        ann.Write("dialog textarea", "hello and welcome");
        await ann.ClickAsync("Write", "dialog .fault", Cancellation);

        await ann.SaysAsync("was changed by somebody else since you looked; nothing was written", Cancellation);
        Assert.Equal("hello and welcome", ann.Written("dialog textarea"));
        Assert.Equal("good day", await GetAsync());
        Assert.Empty(ann.Barriers());
        await ann.ClickAsync("Cancel", "body:not(:has(dialog))", Cancellation);
        await ann.SaysAsync("good day", Cancellation);

        await ann.ClickAsync("Edit…", "dialog textarea", Cancellation);
        ann.Write("dialog textarea", "good day and welcome");
        await ann.ClickAsync("Write", "dialog .done", Cancellation);
        await ann.CloseAsync(Cancellation);
        Assert.Equal("good day and welcome", await GetAsync());

        await ann.ClickAsync("Delete…", "dialog", Cancellation);
        await ann.ClickAsync("Delete for good", "dialog .done", Cancellation);
        await ann.CloseAsync(Cancellation);
        await ann.SaysAsync("There is no such key", Cancellation);
        Assert.Null(await GetAsync());
        await ann.OpenAsync($"/audit?q={Key}", Cancellation);
        await ann.SaysAsync("write key", Cancellation);
        await ann.SaysAsync("changed by somebody else", Cancellation);
        Assert.Empty(ann.Complaints());
    }

    private async Task PutAsync(string value)
    {
        using StringContent content = new(value);
        (await watched.System.Registry.PutAsync($"/v1/kv/{Key}", content, Cancellation)).EnsureSuccessStatusCode();
    }

    private async Task<string?> GetAsync()
    {
        using HttpResponseMessage answer = await watched.System.Registry.GetAsync($"/v1/kv/{Key}?raw", Cancellation);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Cancellation);
    }
}
