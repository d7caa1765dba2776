using System.Text.RegularExpressions;
using Quintet.Broker.Amqp;

namespace Quintet.Broker.Policies;

/// <summary>What a policy is laid on.</summary>
/// <param name="IsQueue">A queue; else an exchange.</param>
/// <param name="QueueType"><c>classic</c>, <c>quorum</c> or <c>stream</c>; empty for an exchange.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct PolicyTarget(bool IsQueue, string QueueType, string Name);

/// <summary>
/// A rule that gives queues and exchanges arguments by their names. Immutable but for one thing: a pattern that took too long on a name is put
/// aside for good, since it would take as long on the next.
/// </summary>
internal sealed class Policy(PolicyKey key, string pattern, FieldTable definition)
{
    // Patterns come from policymakers but are run on names that clients choose, under the virtual host's gate: most run in linear time, and those
    // that cannot (look-around, back references) have this long, once.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(500);

    private readonly Regex _regex = Compile(pattern);
    private volatile bool _isPutAside;

    public PolicyKey Key { get; } = key;

    public string Name => Key.Name;

    public string Pattern { get; } = pattern;

    /// <summary>What the matching things get, checked by <see cref="PolicyRules"/>: texts and whole numbers.</summary>
    public FieldTable Definition { get; } = definition;

    /// <summary><c>all</c>, <c>queues</c>, <c>classic_queues</c>, <c>quorum_queues</c>, <c>streams</c> or <c>exchanges</c>.</summary>
    public string AppliesTo { get; init; } = "all";

    /// <summary>The highest wins; RabbitMQ takes fractions too.</summary>
    public double Priority { get; init; }

    /// <summary>Since when it gives its message-ttl, in milliseconds since 1970; 0 for always. Messages that were there before never get it, not even at a
    /// restart. Set once, before it counts.</summary>
    public long SinceMs { get; set; }

    /// <summary>The pattern was too slow and matches nothing any more.</summary>
    public bool IsPutAside => _isPutAside;

    /// <summary>Throws for what is no regular expression.</summary>
    /// <exception cref="RegexParseException">Not a regular expression.</exception>
    public static Regex Compile(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, MatchTimeout);
        }
        catch (NotSupportedException)
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout);
        }
    }

    /// <summary>It comes into force in the place of another. What says the same as before holds since then.</summary>
    public void Begin(Policy? before, long nowMs)
    {
        bool isSame = before is not null && before.Pattern == Pattern && before.AppliesTo == AppliesTo && before.Priority.Equals(Priority)
            && before.Definition.Integer("message-ttl") == Definition.Integer("message-ttl");
        SinceMs = isSame ? before!.SinceMs : nowMs;
    }

    public bool Covers(in PolicyTarget target)
    {
        if (_isPutAside || !IsFor(target)) return false;
        if (target.IsQueue && PolicyKeys.AnyUnknownTo(target.QueueType, Definition)) return false;
        try
        {
            return _regex.IsMatch(target.Name);
        }
        catch (RegexMatchTimeoutException)
        {
            _isPutAside = true;
            return false;
        }
    }

    private bool IsFor(in PolicyTarget target) => AppliesTo switch
    {
        "all" => true,
        "queues" => target.IsQueue,
        "classic_queues" => target.QueueType == "classic",
        "quorum_queues" => target.QueueType == "quorum",
        "exchanges" => !target.IsQueue,
        _ => target.QueueType == "stream",
    };
}

/// <summary>A policy's name.</summary>
/// <param name="Vhost">Its virtual host.</param>
/// <param name="Name">Its name there.</param>
/// <param name="IsOperator">One of the operator, which bounds what the other policies give.</param>
internal readonly record struct PolicyKey(string Vhost, string Name, bool IsOperator);
