using System.CommandLine;
using Quintet.Console.DeadLetters;

namespace Quintet.Commands.DeadLetters;

/// <summary>Which of a queue's dead letters are meant: some by their ids, the first so many, or all.</summary>
internal sealed class Chosen
{
    private readonly Option<string[]> _ids = new("--id")
    {
        Description = "Only the message with this id; may be given several times.", HelpName = "id", DefaultValueFactory = _ => [],
    };
    private readonly Option<int> _limit = new("--limit")
    {
        Description = "At most so many. Default: all.", HelpName = "count",
    };

    public static Chosen AddTo(Command command)
    {
        Chosen chosen = new();
        SystemOptions.Limit(chosen._limit, int.MaxValue);
        command.Options.Add(chosen._ids);
        command.Options.Add(chosen._limit);
        return chosen;
    }

    public LetterChoice Of(ParseResult line) => Ids(line) is { Length: > 0 } ids ? LetterChoice.OfIds(ids) : LetterChoice.Everything;

    public int Limit(ParseResult line) => line.GetValue(_limit) is > 0 and var limit ? limit : int.MaxValue;

    /// <summary>For a question: <c>2 named messages</c>.</summary>
    public string Words(ParseResult line) =>
        Ids(line) is { Length: > 0 } ids ? $"{ids.Length} named messages" : Limit(line) < int.MaxValue ? $"at most {Limit(line)} messages" : "all messages";

    private string[] Ids(ParseResult line) => line.GetValue(_ids) ?? [];
}
