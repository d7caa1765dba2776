namespace Quintet.Registry.Tables;

/// <summary>
/// Orders strings as their UTF-8 bytes, which is the order Consul lists keys in. UTF-16 ordinal order differs only where a surrogate
/// meets a character from U+E000 up. Keys under one prefix are neighbours in this order.
/// </summary>
internal sealed class KeyOrder : IComparer<string>
{
    public static KeyOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        if (x is null || y is null) return x is null ? (y is null ? 0 : -1) : 1;
        int common = x.AsSpan().CommonPrefixLength(y);
        if (common == x.Length || common == y.Length) return x.Length.CompareTo(y.Length);
        return Rank(x[common]).CompareTo(Rank(y[common]));
    }

    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x1_0000 : unit;
}
