using RabbitMQ.Client;

namespace Quintet.Console.DeadLetters;

/// <summary>Which letters of a queue are meant: those with these ids and those that died of these causes, or all.</summary>
/// <param name="Ids">Message ids.</param>
/// <param name="Causes">As <see cref="Death.Cause"/> has them; every letter of one is meant, whether it was looked at or not.</param>
internal sealed record LetterChoice(IReadOnlyCollection<string> Ids, IReadOnlyCollection<string> Causes)
{
    public static LetterChoice Everything { get; } = new([], []) { IsEverything = true };

    /// <summary>All are meant. It has to be said: a choice of nothing means nothing.</summary>
    public bool IsEverything { get; private init; }

    public static LetterChoice OfIds(IReadOnlyCollection<string> ids) => new(ids, []);

    public bool Means(BasicGetResult letter) =>
        IsEverything || Ids.Contains(letter.BasicProperties.MessageId ?? "")
        || (Causes.Count > 0 && Causes.Contains(Death.CauseOf(Death.Of(letter.BasicProperties.Headers))));

    /// <summary>For the audit log.</summary>
    public override string ToString() => IsEverything ? "all" : string.Join("; ", Ids.Concat(Causes));
}
