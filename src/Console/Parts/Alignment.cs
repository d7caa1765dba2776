namespace Quintet.Console.Parts;

/// <summary>In which of two lists an entry stands.</summary>
internal enum Kept
{
    /// <summary>In both.</summary>
    Both,

    /// <summary>In the first only.</summary>
    Left,

    /// <summary>In the second only.</summary>
    Right,
}

/// <summary>Lays two lists beside each other by their longest common sequence. Takes the product of both lengths in time and memory.</summary>
internal static class Alignment
{
    /// <summary>Entry by entry where it stands; of those between two common ones, the first list's come first.</summary>
    public static IEnumerable<Kept> Of(string[] left, string[] right)
    {
        int[,] common = Common(left, right);
        int i = 0, j = 0;
        while (i < left.Length || j < right.Length)
        {
            if (i < left.Length && j < right.Length && left[i] == right[j])
            {
                yield return Kept.Both;
                (i, j) = (i + 1, j + 1);
            }
            else if (j >= right.Length || (i < left.Length && common[i + 1, j] >= common[i, j + 1]))
            {
                yield return Kept.Left;
                i++;
            }
            else
            {
                yield return Kept.Right;
                j++;
            }
        }
    }

    /// <summary>How many entries the rests of both, from each place on, have in common.</summary>
    private static int[,] Common(string[] left, string[] right)
    {
        int[,] common = new int[left.Length + 1, right.Length + 1];
        for (int i = left.Length - 1; i >= 0; i--)
            for (int j = right.Length - 1; j >= 0; j--)
                common[i, j] = left[i] == right[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        return common;
    }
}
