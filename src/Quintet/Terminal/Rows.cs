using System.Globalization;
using System.Text.Json.Nodes;

namespace Quintet.Terminal;

/// <summary>Rows of one kind: a table for people, a list of objects for scripts.</summary>
internal sealed class Rows(params string[] names)
{
    private readonly List<object?[]> _rows = [];

    public bool IsEmpty => _rows.Count == 0;

    public Rows Add(params object?[] values)
    {
        _rows.Add(values);
        return this;
    }

    public void Print(bool asJson)
    {
        if (asJson) System.Console.WriteLine(new JsonArray([.. _rows.Select(Json)]).ToJsonString());
        else System.Console.Write(Table());
    }

    private TextTable Table()
    {
        TextTable table = new([.. names.Select(name => string.Concat(name.Select(c => char.IsUpper(c) ? $" {c}" : $"{c}")).ToUpperInvariant())]);
        foreach (object?[] row in _rows) table.Add([.. row.Select(Cell)]);
        return table;
    }

    private JsonNode Json(object?[] row)
    {
        JsonObject item = [];
        foreach ((string name, object? value) in names.Zip(row))
            item[name] = value switch
            {
                null => null,
                bool yes => yes,
                int number => number,
                long number => number,
                JsonNode node => node.DeepClone(),
                _ => value.ToString(),
            };
        return item;
    }

    // What others named may hold anything; a terminal obeys control characters.
    private static string Cell(object? value) => string.Concat((value switch
    {
        null => "-",
        bool yes => yes ? "yes" : "no",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "-",
    }).Select(c => char.IsControl(c) ? '\uFFFD' : c));
}
