using Quintet.TestKit.Files;

namespace Quintet.Conformance.Broker.Management;

/// <summary>A line of requests.txt.</summary>
internal sealed record Request(string Line, string User, HttpMethod Method, string Path, string? Body)
{
    private static readonly string[] Methods = ["GET", "PUT", "POST", "DELETE"];

    public static List<Request> ReadAll() =>
        [.. File.ReadAllLines(Repository.At("tests", "Conformance", "Broker", "Management", "requests.txt"))
            .Where(line => line.Length > 0 && line[0] != '#').Select(Parse)];

    public static Request Parse(string line)
    {
        string rest = line, user = "guest";
        if (!Methods.Contains(line.Split(' ')[0])) (user, rest) = Cut(line);
        (string method, rest) = Cut(rest);
        (string path, string body) = Cut(rest);
        return new Request(line, user, new HttpMethod(method), path, body.Length == 0 ? null : body);
    }

    private static (string First, string After) Cut(string text) =>
        text.IndexOf(' ', StringComparison.Ordinal) is >= 0 and int blank ? (text[..blank], text[(blank + 1)..]) : (text, "");
}
