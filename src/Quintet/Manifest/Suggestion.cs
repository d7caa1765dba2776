namespace Quintet.Manifest;

/// <summary>"Did you mean …?" for a word that is not known.</summary>
internal static class Suggestion
{
    /// <summary><c>; did you mean 'routes'?</c>, or the list of what is known when nothing is near.</summary>
    public static string For(string word, IReadOnlyCollection<string> known)
    {
        string? nearest = known.OrderBy(candidate => Distance(word, candidate)).FirstOrDefault();
        if (nearest is not null && Distance(word, nearest) <= Math.Max(1, word.Length / 3)) return $"; did you mean '{nearest}'?";
        return known.Count == 0 ? "" : $"; known here: {string.Join(", ", known)}";
    }

    /// <summary>Levenshtein's distance without regard to case; a manifest's words are short.</summary>
    private static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int change = diagonal + (char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
