using System.Net;
using System.Text.Json;

namespace Quintet.Registry.Tests;

public sealed class KeysKeepTheirRules
{
    [Fact]
    public async Task A_missing_key_is_404_with_an_index_and_no_body()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        Reply reply = await registry.GetAsync("/v1/kv/none");

        Assert.Equal((HttpStatusCode.NotFound, ""), (reply.Status, reply.Text));
        Assert.True(reply.Index >= 1);
        Assert.Equal(("true", "0"), (reply.Header("X-Consul-Knownleader"), reply.Header("X-Consul-Lastcontact")));
        Assert.Null(reply.Header("X-Consul-Effective-Consistency"));
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a/b%25c", "a/b%c")]
    [InlineData("d%252Fe", "d%2Fe")]
    [InlineData("sp%20ace+plus%3Fq", "sp ace+plus?q")]
    [InlineData("%C3%A7", "ç")]
    [InlineData("folder/", "folder/")]
    [InlineData("%20blank%20", " blank ")]
    public async Task A_key_is_decoded_exactly_once(string sent, string stored)
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        Assert.Equal("true", (await registry.PutAsync($"/v1/kv/{sent}", "x")).Text);

        Assert.Equal([stored], (await registry.GetAsync("/v1/kv/?keys")).Json.EnumerateArray().Select(key => key.GetString()!));
        Assert.Equal("x", (await registry.GetAsync($"/v1/kv/{sent}?raw")).Text);
    }

    [Theory]
    [InlineData("a//b")]
    [InlineData("a/../b")]
    [InlineData("a%2F..%2Fb")]
    [InlineData("./b")]
    [InlineData("a%01b")]
    [InlineData("a%FFb")]
    [InlineData("a%zz")]
    public async Task A_key_that_would_be_folded_or_cannot_be_read_is_refused_and_nothing_is_stored(string sent)
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        Assert.Equal(HttpStatusCode.BadRequest, (await registry.PutAsync($"/v1/kv/{sent}", "x")).Status);

        Assert.Equal("[]", (await registry.GetAsync("/v1/kv/?keys")).Text);
    }

    [Fact]
    public async Task The_same_value_again_raises_no_index_and_other_flags_do()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.PutAsync("/v1/kv/a", "x");
        ulong index = (await registry.GetAsync("/v1/kv/a")).Index;

        Assert.Equal("true", (await registry.PutAsync("/v1/kv/a", "x")).Text);
        Assert.Equal("true", (await registry.PutAsync($"/v1/kv/a?cas={index}", "x")).Text);
        Assert.Equal(index, (await registry.GetAsync("/v1/kv/a")).Index);

        await registry.PutAsync("/v1/kv/a?flags=16204426420654357998", "x");
        Reply reply = await registry.GetAsync("/v1/kv/a");
        Assert.Equal(index + 1, reply.Index);
        Assert.Equal(
            $$"""[{"LockIndex":0,"Key":"a","Flags":16204426420654357998,"Value":"eA==","CreateIndex":{{index}},"ModifyIndex":{{index + 1}}}]""",
            reply.Text);
    }

    [Fact]
    public async Task Compare_and_set_creates_replaces_and_refuses()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        Assert.Equal("true", (await registry.PutAsync("/v1/kv/a?cas=0", "1")).Text);
        ulong index = (await registry.GetAsync("/v1/kv/a")).Index;

        Assert.Equal("false", (await registry.PutAsync("/v1/kv/a?cas=0", "2")).Text);
        Assert.Equal("true", (await registry.PutAsync($"/v1/kv/a?cas={index}", "2")).Text);
        Assert.Equal("false", (await registry.PutAsync($"/v1/kv/a?cas={index}", "3")).Text);
        Assert.Equal("false", (await registry.DeleteAsync($"/v1/kv/a?cas={index}")).Text);
        Assert.Equal("false", (await registry.DeleteAsync("/v1/kv/a?cas=0")).Text);
        Assert.Equal("true", (await registry.DeleteAsync($"/v1/kv/a?cas={index + 1}")).Text);
    }

    [Fact]
    public async Task Keys_are_listed_by_their_bytes_and_cut_at_the_separator()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        foreach (string key in (string[])["g/b/c", "g/a", "g/b/d", "g/", "g/%F0%9F%98%80", "g/%EF%BF%AE", "h"]) await registry.PutAsync($"/v1/kv/{key}", "");

        Assert.Equal("""["g/","g/a","g/b/c","g/b/d","g/\uFFEE","g/\uD83D\uDE00"]""", await Text(registry, "/v1/kv/g/?keys"));
        Assert.Equal("""["g/","g/a","g/b/","g/\uFFEE","g/\uD83D\uDE00"]""", await Text(registry, "/v1/kv/g/?keys&separator=/"));
        Assert.Equal("""["g/","h"]""", await Text(registry, "/v1/kv/?keys&seperator=/"));
    }

    [Fact]
    public async Task A_raw_value_is_sent_so_that_a_browser_does_not_run_it()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        await registry.PutAsync("/v1/kv/page", "<script>");
        Reply reply = await registry.GetAsync("/v1/kv/page?raw");

        Assert.Equal("<script>", reply.Text);
        Assert.Equal("text/plain", reply.ContentHeaders.ContentType?.ToString());
        Assert.Equal(("nosniff", "sandbox"), (reply.Header("X-Content-Type-Options"), reply.Header("Content-Security-Policy")));
    }

    [Fact]
    public async Task A_value_of_512_KiB_is_kept_and_one_byte_more_is_413()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        Assert.Equal("true", (await registry.PutAsync("/v1/kv/big", new string('x', 524288))).Text);

        Reply reply = await registry.PutAsync("/v1/kv/big", new string('y', 524289));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, reply.Status);
        Assert.StartsWith("Request body(524289 bytes) too large, max size: 524288 bytes.", reply.Text);
        Assert.Equal('x', (await registry.GetAsync("/v1/kv/big?raw")).Text[^1]);
    }

    [Fact]
    public async Task A_transaction_happens_whole_or_not_at_all()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        Reply done = await registry.PutAsync("/v1/txn", """[{"KV":{"Verb":"set","Key":"a","Value":"b25l","Flags":7}},{"KV":{"Verb":"get","Key":"a"}}]""");
        Assert.Equal("b25l", done.Json.GetProperty("Results")[1].GetProperty("KV").GetProperty("Value").GetString());

        Reply failed = await registry.PutAsync(
            "/v1/txn",
            """[{"KV":{"Verb":"set","Key":"b","Value":"b25l"}},{"KV":{"Verb":"check-index","Key":"a","Index":1000}}]""");
        Assert.Equal(HttpStatusCode.Conflict, failed.Status);
        Assert.Equal(1, failed.Json.GetProperty("Errors")[0].GetProperty("OpIndex").GetInt32());
        Assert.Equal("""["a"]""", (await registry.GetAsync("/v1/kv/?keys")).Text);
    }

    private static async Task<string> Text(RunningRegistry registry, string path) => JsonSerializer.Serialize((await registry.GetAsync(path)).Json);
}
