using System.Text;
using CsCheck;
using Quintet.ConfigServer.Properties;
using Xunit;

namespace Quintet.ConfigServer.Tests.Properties;

/// <summary>.properties and JSON files.</summary>
public sealed class PropertiesFileTests
{
    private static readonly ReadLimits Limits = new(20, 1000);

    [Theory]
    [InlineData("a=1\nb:2\nc 3\nd\t=\t4\ne = 5 ", "a=1|b=2|c=3|d=4|e=5 ")]
    [InlineData("# comment\n! comment\n\n  a = b", "a=b")]
    [InlineData("a=b \\\n    c", "a=b c")]
    [InlineData("a=b\\\\\nc=d", "a=b\\|c=d")]
    [InlineData("a\\=b\\:c\\ d=e", "a=b:c d=e")]
    [InlineData("a=\\t\\n\\r\\f\\x\\\\", "a=\t\n\r\fx\\")]
    [InlineData("a=\\u00e9\\u0041", "a=éA")]
    [InlineData("a", "a=")]
    [InlineData("a=", "a=")]
    [InlineData("=a", "=a")]
    [InlineData("a==b", "a==b")]
    [InlineData("a=1\na=2", "a=2")]
    [InlineData("a=1\r\nb=2\rc=3", "a=1|b=2|c=3")]
    [InlineData("a=x\\", "a=x")]
    [InlineData("list[0]=x\nlist[1].k=y", "list[0]=x|list[1].k=y")]
    public void Lines_are_read_as_java_reads_them(string text, string expected) =>
        Assert.Equal(
            expected,
            string.Join('|', Read(text).Documents
                .SelectMany(document => document.Properties)
                .Select(property => $"{property.Name}={property.Value.Text}")));

    [Fact]
    public void A_file_may_have_several_documents()
    {
        PropertyFile file = Read("a=1\n#---\nspring.config.activate.on-profile=dev\na=2\n");

        Assert.Null(file.Documents[0].Activation);
        Assert.True(file.Documents[1].Activation!.Matches(new HashSet<string> { "dev" }));
        Assert.False(file.Documents[1].Activation!.Matches(new HashSet<string> { "prod" }));
    }

    [Fact]
    public void What_is_not_utf8_is_latin_1() =>
        Assert.Equal("é", PropertyFileReader.Read([0x61, 0x3d, 0xe9], PropertyFormat.Properties, Limits).Documents[0].Properties[0].Value.Text);

    [Fact]
    public void Every_key_and_value_survives_being_escaped_and_read()
    {
        Gen.Select(Gen.String[1, 20], Gen.String[0, 40]).List[0, 10].Sample(pairs =>
        {
            string text = string.Join('\n', pairs.Select(pair => $"{Escape(pair.Item1)}{(pair.Item2.Length % 2 == 0 ? "=" : " : ")}{Escape(pair.Item2)}"));
            Dictionary<string, string> expected = [];
            foreach ((string key, string value) in pairs) expected[key] = value;
            Dictionary<string, string> read = Read(text).Documents
                .SelectMany(document => document.Properties)
                .ToDictionary(property => property.Name, property => property.Value.Text);
            return read.Count == expected.Count && expected.All(pair => read[pair.Key] == pair.Value);
        });
    }

    [Fact]
    public void No_text_makes_a_reader_fail_in_any_other_way_than_its_own()
    {
        Gen<string> text = Gen.OneOf(Gen.String, Gen.Char["a:=\\ \n\t#-[]{}&*!|>'\"%@`,?u0\u00e9"].Array[0, 60].Select(chars => new string(chars)));
        Gen.Select(text, Gen.Enum<PropertyFormat>()).Sample((input, format) =>
        {
            try
            {
                PropertyFileReader.Read(Encoding.UTF8.GetBytes(input), format, Limits);
            }
            catch (PropertyFileException)
            {
                // This is how a reader fails.
            }
        });
    }

    [Theory]
    [InlineData("""{"a":{"b":[1,true,null,"x"]},"c":1.50,"d":{}}""", "a.b[0]=1|a.b[1]=true|a.b[2]=|a.b[3]=x|c=1.50|d=")]
    [InlineData("[1]", "document[0]=1")]
    [InlineData("\"x\"", "document=x")]
    public void Json_is_flattened_like_yaml(string json, string expected) =>
        Assert.Equal(expected, string.Join('|', ReadJson(json).Documents[0].Properties.Select(property => $"{property.Name}={property.Value.Text}")));

    [Theory]
    [InlineData("", 1)]
    [InlineData("{\n\"a\": }", 2)]
    [InlineData("{\"a\":1,\n\"a\":2}", 2)]
    [InlineData("{} {}", 1)]
    [InlineData("{\n // no\n}", 2)]
    [InlineData("{\"a\":\n\"\\ud800\"}", 2)]
    public void A_fault_in_json_is_reported_with_its_line(string json, int line) =>
        Assert.Equal(line, Assert.Throws<PropertyFileException>(() => ReadJson(json)).Line);

    [Fact]
    public void Json_that_is_nested_too_deep_is_a_fault() =>
        Assert.Throws<PropertyFileException>(() => ReadJson(new string('[', 30) + new string(']', 30)));

    private static PropertyFile Read(string text) => PropertyFileReader.Read(Encoding.UTF8.GetBytes(text), PropertyFormat.Properties, Limits);

    private static PropertyFile ReadJson(string text) => PropertyFileReader.Read(Encoding.UTF8.GetBytes(text), PropertyFormat.Json, Limits);

    private static string Escape(string text) => string.Concat(text.Select(c => $"\\u{(int)c:x4}"));
}
