using System.Text;

namespace Quintet.Broker.Amqp;

/// <summary>Writes octets and tuples into reply texts the way RabbitMQ's texts show them, so that a text reads the same from either server.</summary>
internal static class ErlangTerm
{
    private const int LineColumns = 80;

    /// <summary><c>&lt;&lt;"text"&gt;&gt;</c> when every octet is printable, else <c>&lt;&lt;1,2,3&gt;&gt;</c>.</summary>
    public static string Binary(ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty) return "<<>>";
        if (IsPrintable(octets)) return $"<<\"{Encoding.Latin1.GetString(octets)}\">>";

        StringBuilder text = new("<<");
        foreach (byte octet in octets) text.Append(octet).Append(',');
        text.Length--;
        return text.Append(">>").ToString();
    }

    /// <summary><paramref name="prefix"/> and <c>{reason,value}</c>; a line that would grow too long is broken inside the tuple.</summary>
    public static string Explain(string prefix, string reason, int value)
    {
        string tuple = $"{{{reason},{value}}}";
        return prefix.Length + tuple.Length <= LineColumns
            ? prefix + tuple
            : $"{prefix}{{{reason},\n{new string(' ', prefix.Length + 1)}{value}}}";
    }

    private static bool IsPrintable(ReadOnlySpan<byte> octets)
    {
        foreach (byte octet in octets)
            if (octet is not ((>= 32 and <= 126) or >= 160 or (>= 8 and <= 13) or 27)) return false;
        return true;
    }
}
