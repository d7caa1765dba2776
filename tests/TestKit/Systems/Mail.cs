namespace Quintet.TestKit.Systems;

/// <summary>A mail as it lies in the pickup folder (RFC 5322), read by nobody's library: headers unfolded, body as text.</summary>
public sealed record Mail(string File, string To, string Subject, string MessageId, string Body)
{
    /// <summary>The address alone, without the name.</summary>
    public string Address => To.Contains('<', StringComparison.Ordinal) ? To[(To.IndexOf('<', StringComparison.Ordinal) + 1)..^1] : To;

    public static Mail Read(string file)
    {
        string text = System.IO.File.ReadAllText(file).ReplaceLineEndings("\n");
        int end = text.IndexOf("\n\n", StringComparison.Ordinal);
        string[] headers = text[..end].Replace("\n ", " ").Replace("\n\t", " ").Split('\n');
        return new Mail(file, Header("To"), Header("Subject"), Header("Message-Id"), text[(end + 2)..]);

        string Header(string name) =>
            headers.Where(h => h.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(h => h[(name.Length + 1)..].Trim()).FirstOrDefault("");
    }
}
