using System.Collections.Concurrent;

namespace Quintet.Broker.Topology;

/// <summary>
/// Routes by words separated by dots: <c>*</c> in a binding stands for one word, <c>#</c> for any number of them, none included
/// (AMQP 0-9-1 §3.1.3.3).
/// </summary>
internal sealed class TopicExchange(ExchangeSettings settings) : Exchange(settings)
{
    private volatile Table _table = new([]);

    public override bool Route(in RoutedMessage message, RouteResult result)
    {
        Destination[] destinations = _table.Find(message.RoutingKey);
        foreach (Destination destination in destinations) result.Add(destination);
        return destinations.Length > 0;
    }

    /// <summary>Whether a key matches a pattern.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> key)
    {
        Span<Range> patternWords = stackalloc Range[MaxWords];
        Span<Range> keyWords = stackalloc Range[MaxWords];
        int patternCount = Split(pattern, patternWords);
        int keyCount = Split(key, keyWords);

        // The usual two-pointer walk: on a mismatch the last # takes one word more.
        int p = 0, k = 0, hashAt = -1, hashKey = 0;
        while (k < keyCount)
        {
            ReadOnlySpan<char> word = p < patternCount ? pattern[patternWords[p]] : default;
            if (p < patternCount && word is "#")
            {
                hashAt = p++;
                hashKey = k;
            }
            else if (p < patternCount && (word is "*" || word.SequenceEqual(key[keyWords[k]])))
            {
                p++;
                k++;
            }
            else if (hashAt >= 0)
            {
                p = hashAt + 1;
                k = ++hashKey;
            }
            else
            {
                return false;
            }
        }

        while (p < patternCount && pattern[patternWords[p]] is "#") p++;
        return p == patternCount;
    }

    protected override void Changed(Binding binding, bool isNew) => _table = new Table([.. Bindings]);

    // A key is at most 255 octets, so at most 256 words.
    private const int MaxWords = 256;

    // The empty key has no word at all, so that * does not match it.
    private static int Split(ReadOnlySpan<char> text, Span<Range> words)
    {
        if (text.IsEmpty) return 0;
        int count = 0, start = 0;
        for (int index = 0; index <= text.Length; index++)
        {
            if (index < text.Length && text[index] != '.') continue;
            words[count++] = start..index;
            start = index + 1;
        }

        return count;
    }

    // Replaced whole when a binding changes, and with it what was remembered of keys.
    private sealed class Table(Binding[] bindings)
    {
        // Publishers use few keys; those that make them up as they go are matched each time once this is full.
        private const int RememberedMax = 4096;

        private readonly ConcurrentDictionary<string, Destination[]> _byKey = new(StringComparer.Ordinal);
        private int _remembered;

        public Destination[] Find(ReadOnlySpan<char> key)
        {
            if (_byKey.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(key, out Destination[]? known)) return known;

            List<Destination> found = [];
            foreach (Binding binding in bindings)
                if (Matches(binding.RoutingKey, key) && !found.Contains(binding.Destination)) found.Add(binding.Destination);
            Destination[] destinations = [.. found];
            if (Interlocked.Increment(ref _remembered) <= RememberedMax) _byKey.TryAdd(key.ToString(), destinations);
            return destinations;
        }
    }
}
