using System.Text;
using CsCheck;
using Quintet.ConfigServer.Forms;
using Quintet.ConfigServer.Properties;
using Xunit;

namespace Quintet.ConfigServer.Tests.Properties;

/// <summary>Flat properties become trees, and the trees flatten to the same properties.</summary>
public sealed class NestingTests
{
    private static readonly ReadLimits Limits = new(256, 100_000);

    [Theory]
    [InlineData("a.b=1 a.c=2", "a:\n  b: 1\n  c: 2\n")]
    [InlineData("a[0]=1 a[1]=2", "a:\n- 1\n- 2\n")]
    [InlineData("a[0].b=1 a[0].c=2 a[1][0]=3", "a:\n- b: 1\n  c: 2\n- - 3\n")]
    [InlineData("a=1 a.b=2", "a: 1\na.b: 2\n")]
    [InlineData("a=1 a.b.c=2 a.b.d=3", "a: 1\na.b:\n  c: 2\n  d: 3\n")]
    [InlineData("x.a=1 x.a[0]=2", "x:\n  a: 1\n  a[0]: 2\n")]
    [InlineData("a[0]=1 a[0].b=2", "a:\n  '[0]': 1\n  '[0].b': 2\n")]
    [InlineData("a[1]=1", "a:\n  '[1]': 1\n")]
    [InlineData("a[2147483647]=1", "a:\n  '[2147483647]': 1\n")]
    [InlineData("a[b.c]=1", "a:\n  '[b.c]': 1\n")]
    [InlineData("a[0=1", "a[0: 1\n")]
    [InlineData(".a=1", "'.a': 1\n")]
    [InlineData("a[10]=1 a[0]=1 a[1]=1 a[2]=1 a[3]=1 a[4]=1 a[5]=1 a[6]=1 a[7]=1 a[8]=1 a[9]=x", "a:\n- 1\n- 1\n- 1\n- 1\n- 1\n- 1\n- 1\n- 1\n- 1\n- x\n- 1\n")]
    [InlineData("document[0]=1", "- 1\n")]
    public void Names_become_places(string flat, string expected)
    {
        SortedDictionary<string, PropertyValue> properties = new(StringComparer.Ordinal);
        foreach (string pair in flat.Split(' ')) properties[pair.Split('=')[0]] = YamlScalars.Resolve(pair.Split('=')[1])!.Value;

        Assert.Equal(expected, YamlForm.Write(Nesting.Nest(properties)));
    }

    [Fact]
    public void Yaml_and_json_give_back_exactly_what_was_nested()
    {
        Gen<string> word = OneOf("a", "b", "", "0", "yes", "x y", "é", "<<", "~", "#", "key-1", "other");
        Gen<string> step = Gen.OneOf(word.Select(w => "." + w), Gen.Int[0, 3].Select(i => $"[{i}]"), OneOf("[a.b]", "[", "]", "[]", "[01]"));
        Gen<string> name = Gen.Select(word, step.Array[0, 4]).Select((first, rest) => first + string.Concat(rest));
        Gen<PropertyValue> value = Gen.OneOf(
            Gen.OneOf(Gen.String, OneOf("yes", "1", "010", "1:30", "2001-01-01", "", " x", "x ", "a: b", "a #b", "- a", "${x}",
                "it's", "a\nb", "\t", "---", "null", "\u0085", "1e3", "@x", "a:"))
                .Where(text => !text.Any(c => char.IsSurrogate(c) || c is '\uFFFE' or '\uFFFF')).Select(PropertyValue.Of),
            Gen.Int.Select(i => new PropertyValue(ScalarKind.Number, $"{i}")),
            Gen.Bool.Select(b => new PropertyValue(ScalarKind.Boolean, b ? "true" : "false")));

        Gen.Select(name, value).List[1, 12].Sample(
            pairs =>
            {
                SortedDictionary<string, PropertyValue> properties = new(StringComparer.Ordinal);
                foreach ((string key, PropertyValue content) in pairs) properties[key] = content;
                MapNode tree = Nesting.Nest(properties);
                AssertSame(properties, PropertyFileReader.Read(Encoding.UTF8.GetBytes(YamlForm.Write(tree)), PropertyFormat.Yml, Limits), YamlForm.Write(tree));
                AssertSame(
                    properties,
                    PropertyFileReader.Read(JsonForm.Write(tree), PropertyFormat.Json, Limits),
                    Encoding.UTF8.GetString(JsonForm.Write(tree)));
            },
            iter: 3000);
    }

    [Theory]
    [InlineData("a[0]", "a")]
    [InlineData("a.b[12].c[0]", "a.b")]
    [InlineData("a[x.y]", null)]
    [InlineData("a[x][3]", "a[x]")]
    [InlineData("a[", null)]
    [InlineData("a[]", null)]
    [InlineData("a", null)]
    public void A_list_item_knows_its_list(string name, string? expected) => Assert.Equal(expected, PropertyName.ListOf(name));

    [Fact]
    public void A_name_of_endless_depth_stays_flat()
    {
        string deep = string.Join('.', Enumerable.Repeat("a", 100_000));

        MapNode tree = Nesting.Nest([new(deep, PropertyValue.Of("x"))]);

        Assert.Equal(deep, Assert.Single(tree.Entries).Key);
        Assert.Equal(deep, PropertyFileReader.Read(Encoding.UTF8.GetBytes(YamlForm.Write(tree)), PropertyFormat.Yml, Limits).Documents[0].Properties[0].Name);
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static void AssertSame(SortedDictionary<string, PropertyValue> expected, PropertyFile read, string written)
    {
        Dictionary<string, PropertyValue> actual = read.Documents
            .SelectMany(document => document.Properties)
            .ToDictionary(property => property.Name, property => property.Value);
        foreach ((string name, PropertyValue value) in expected)
            Assert.True(
                actual.TryGetValue(name, out PropertyValue found) && found == value,
                $"{name}={value} became {(actual.ContainsKey(name) ? found : "nothing")} in\n{written}");
        Assert.Equal(expected.Count, actual.Count);
    }
}
