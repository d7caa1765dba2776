using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Quintet.Broker.Policies;

namespace Quintet.Broker.Management.Listing;

/// <summary>
/// Lists as RabbitMQ's management API gives them: whole, or with <c>page</c>, <c>page_size</c>, <c>name</c> and <c>use_regex</c> a page of them;
/// with <c>sort</c>, <c>sort_reverse</c> and <c>columns</c> either way.
/// </summary>
internal static class Lists
{
    private const int PageSizeDefault = 100;
    private const int PageSizeMax = 500;

    public static IResult List<T>(this HttpContext http, IEnumerable<T> things, Func<T, string> nameOf, Func<T, JsonObject> show)
    {
        IQueryCollection query = http.Request.Query;
        if (!query.ContainsKey("page")) return Results.Json(Shown(query, things, show));

        (int page, int pageSize) = ReadPage(query);
        T[] all = [.. things];
        T[] filtered = [.. all.Where(Filter(query, nameOf))];
        int first = (page - 1) * pageSize;
        if (first > 0 && first >= filtered.Length)
            throw new Refusal(
                StatusCodes.Status400BadRequest, "page_out_of_range", $"Page out of range, page: {page} page size: {pageSize}, len: {filtered.Length}");
        // Only what is sorted has to be shown before it is cut.
        JsonArray items = query.ContainsKey("sort")
            ? new JsonArray([.. Shown(query, filtered, show).Skip(first).Take(pageSize).Select(item => item!.DeepClone())])
            : Shown(query, filtered.Skip(first).Take(pageSize), show);
        return Results.Json(new JsonObject
        {
            ["total_count"] = all.Length,
            ["item_count"] = items.Count,
            ["filtered_count"] = filtered.Length,
            ["page"] = page,
            ["page_size"] = pageSize,
            ["page_count"] = (filtered.Length + pageSize - 1) / pageSize,
            ["items"] = items,
        });
    }

    /// <summary>One thing, with the columns that were asked for.</summary>
    public static IResult One(this HttpContext http, JsonObject thing) => Results.Json(Columns.Of(http.Request.Query).Pick(thing));

    private static JsonArray Shown<T>(IQueryCollection query, IEnumerable<T> things, Func<T, JsonObject> show)
    {
        Columns columns = Columns.Of(query);
        IEnumerable<JsonObject> shown = things.Select(show);
        if (query["sort"].FirstOrDefault() is { Length: > 0 } sort)
        {
            string[] by = sort.Split(',');
            Comparison<JsonObject> compare = (left, right) => by.Select(path => Columns.Compare(left, right, path)).FirstOrDefault(order => order != 0);
            shown = query["sort_reverse"] == "true"
                ? shown.OrderDescending(Comparer<JsonObject>.Create(compare))
                : shown.Order(Comparer<JsonObject>.Create(compare));
        }

        return new JsonArray([.. shown.Select(thing => (JsonNode)columns.Pick(thing))]);
    }

    private static (int Page, int PageSize) ReadPage(IQueryCollection query)
    {
        int? page = ReadNumber(query["page"].FirstOrDefault()), pageSize = ReadNumber(query["page_size"].FirstOrDefault());
        if (page is null || (query.ContainsKey("page_size") && pageSize is null)) throw Refusal.BadRequest("Pagination parameters are invalid");
        if (page < 1 || pageSize is < 1 or > PageSizeMax || page > int.MaxValue / PageSizeMax)
            throw new Refusal(
                StatusCodes.Status400BadRequest,
                "invalid_pagination_parameters",
                $"Invalid pagination parameters: page number {page}, page size {pageSize?.ToString(CultureInfo.InvariantCulture) ?? "undefined"}");
        return (page.Value, pageSize ?? PageSizeDefault);
    }

    private static int? ReadNumber(string? text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static Func<T, bool> Filter<T>(IQueryCollection query, Func<T, string> nameOf)
    {
        if (query["name"].FirstOrDefault() is not { Length: > 0 } name) return _ => true;
        if (query["use_regex"] != "true") return thing => nameOf(thing).Contains(name, StringComparison.OrdinalIgnoreCase);
        try
        {
            Regex pattern = Policy.Compile($"(?i:{name})");
            return thing => Matches(pattern, nameOf(thing));
        }
        catch (RegexParseException)
        {
            throw Refusal.BadRequest("Pagination parameters are invalid");
        }
    }

    private static bool Matches(Regex pattern, string name)
    {
        try
        {
            return pattern.IsMatch(name);
        }
        catch (RegexMatchTimeoutException)
        {
            throw Refusal.BadRequest("Pagination parameters are invalid");
        }
    }
}
