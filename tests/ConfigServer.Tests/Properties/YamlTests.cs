using System.Text;
using Quintet.ConfigServer.Properties;
using Xunit;

namespace Quintet.ConfigServer.Tests.Properties;

/// <summary>YAML files become properties by Spring's rules.</summary>
public sealed class YamlTests
{
    private static readonly ReadLimits Limits = new(20, 1000);

    [Theory]
    [InlineData("a: {b: {c: 1}}", "a.b.c=1")]
    [InlineData("a: [x, {b: y}, [z]]", "a[0]=x a[1].b=y a[2][0]=z")]
    [InlineData("a.b: 1", "a.b=1")]
    [InlineData("a: {b.c: 1}", "a.b.c=1")]
    [InlineData("a: {'[b.c]': 1}", "a[b.c]=1")]
    [InlineData("a: {8080: x, true: y, null: z}", "a[8080]=x a[true]=y a[null]=z")]
    [InlineData("a: {'8080': x}", "a.8080=x")]
    [InlineData("a:\nb: ~\nc: null\nd: []\ne: {}\nf: ''", "a= b= c= d= e= f=")]
    [InlineData("[x, {a: 1}]", "document[0]=x document[1].a=1")]
    [InlineData("just text", "document=just text")]
    [InlineData("", "")]
    [InlineData("# only a comment", "")]
    [InlineData("a: &x {b: 1}\nc: *x", "a.b=1 c.b=1")]
    [InlineData("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3", "a.b=1 a.c=2 d.b=1 d.c=3")]
    [InlineData("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz:\n  <<: [*x, *y]", "x.a=1 y.a=2 y.b=2 z.a=1 z.b=2")]
    [InlineData("a: {b: 1}\na.b: 2", "a.b=2")]
    [InlineData("a: !!str 1", "a='1'")]
    [InlineData("a: 'yes'\nb: \"1\"", "a='yes' b='1'")]
    public void Trees_are_flattened(string yaml, string expected) => Assert.Equal(expected, Flat(yaml));

    [Theory]
    [InlineData("yes", "true")]
    [InlineData("No", "false")]
    [InlineData("ON", "true")]
    [InlineData("off", "false")]
    [InlineData("TRUE", "true")]
    [InlineData("y", "'y'")]
    [InlineData("1", "1")]
    [InlineData("-0", "0")]
    [InlineData("+12", "12")]
    [InlineData("1_000", "1000")]
    [InlineData("010", "8")]
    [InlineData("08", "'08'")]
    [InlineData("0o10", "'0o10'")]
    [InlineData("0x1F", "31")]
    [InlineData("0b101", "5")]
    [InlineData("1:30", "90")]
    [InlineData("22:22", "1342")]
    [InlineData("99999999999999999999", "99999999999999999999")]
    [InlineData("1.10", "1.1")]
    [InlineData("1.", "1.0")]
    [InlineData(".5", "0.5")]
    [InlineData("1e3", "1000.0")]
    [InlineData("1.5e10", "1.5E10")]
    [InlineData("12345678.5", "1.23456785E7")]
    [InlineData("0.0001", "1.0E-4")]
    [InlineData("-0.001", "-0.001")]
    [InlineData(".inf", "'Infinity'")]
    [InlineData("1e999", "'1e999'")]
    [InlineData("1.2.3", "'1.2.3'")]
    [InlineData("2001-12-14", "'2001-12-14'")]
    [InlineData("2001-12-14t21:59:43.10-05:00", "'2001-12-14t21:59:43.10-05:00'")]
    [InlineData("text", "'text'")]
    public void Plain_scalars_have_the_types_of_yaml_1_1(string scalar, string expected) =>
        Assert.Equal(expected, Print(Assert.Single(Read($"k: {scalar}").Documents[0].Properties).Value));

    [Theory]
    [InlineData("a: 1\nb: [1\nc: 2", 2)]
    [InlineData("a: 1\n\tb: 2", 2)]
    [InlineData("a: 1\nb: 2\na: 3", 3)]
    [InlineData("a: *gone", 1)]
    [InlineData("a: &x\n  b: *x", 2)]
    [InlineData("x: 1\n? [a]\n: b", 2)]
    [InlineData("a:\n  <<: text", 2)]
    [InlineData("a: 1\n---\nb: [", 3)]
    [InlineData("spring.config.activate.on-profile: dev & (", 1)]
    public void A_fault_is_reported_with_its_line(string yaml, int line) =>
        Assert.Equal(line, Assert.Throws<PropertyFileException>(() => Read(yaml)).Line);

    [Fact]
    public void A_value_never_appears_in_a_fault()
    {
        PropertyFileException fault = Assert.Throws<PropertyFileException>(() => Read("password: hunter2: x"));

        Assert.DoesNotContain("hunter2", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bombs_end_at_the_limits()
    {
        StringBuilder laughs = new("l0: &l0 [x, x]\n");
        for (int i = 1; i < 40; i++) laughs.Append($"l{i}: &l{i} [*l{i - 1}, *l{i - 1}]\n");
        StringBuilder empty = new("l0: &l0 {}\n");
        for (int i = 1; i < 40; i++) empty.Append($"l{i}: &l{i} [*l{i - 1}, *l{i - 1}]\n");
        StringBuilder merges = new("m0: &m0 {a: 1}\n");
        for (int i = 1; i < 40; i++) merges.Append($"m{i}: &m{i}\n  k{i}: 1\n  <<: [*m{i - 1}, *m{i - 1}]\n");

        Assert.All([laughs.ToString(), empty.ToString(), merges.ToString()], bomb => Assert.Throws<PropertyFileException>(() => Read(bomb)));
        Assert.Throws<PropertyFileException>(() => Read(new string('[', 10_000)));
        Assert.Throws<PropertyFileException>(() => Read(string.Concat(Enumerable.Repeat("- ", 10_000)) + "x"));
        Assert.Throws<PropertyFileException>(() => Read(string.Join('\n', Enumerable.Range(0, 1001).Select(i => $"k{i}: 1"))));
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_a_fault_and_a_byte_order_mark_is_not()
    {
        Assert.Throws<PropertyFileException>(() => PropertyFileReader.Read([0x61, 0x3a, 0x20, 0xff], PropertyFormat.Yml, Limits));
        Assert.Equal("a", PropertyFileReader.Read([0xef, 0xbb, 0xbf, 0x61, 0x3a, 0x20, 0x31], PropertyFormat.Yml, Limits).Documents[0].Properties[0].Name);
    }

    private static PropertyFile Read(string yaml) => PropertyFileReader.Read(Encoding.UTF8.GetBytes(yaml), PropertyFormat.Yml, Limits);

    private static string Flat(string yaml) =>
        string.Join(' ', Read(yaml).Documents.SelectMany(document => document.Properties)
            .Select(property => $"{property.Name}={(IsPlain(property.Value) ? property.Value.Text : Print(property.Value))}"));

    private static bool IsPlain(PropertyValue value) =>
        value.Text.Length == 0 || (value.Kind == ScalarKind.Text && YamlScalars.IsPlainText(value.Text));

    private static string Print(PropertyValue value) => value.Kind == ScalarKind.Text ? $"'{value.Text}'" : value.Text;
}
