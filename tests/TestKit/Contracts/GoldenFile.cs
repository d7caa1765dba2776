using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Quintet.TestKit.Files;
using Xunit;

namespace Quintet.TestKit.Contracts;

/// <summary>A generated file that is kept in the repository, so that a change of it is seen and decided on.</summary>
public static class GoldenFile
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The same for a service's OpenAPI document, without where it happens to run.</summary>
    public static void HoldsOpenApi(string path, string document)
    {
        JsonObject json = JsonNode.Parse(document)!.AsObject();
        json.Remove("servers");
        Holds(path, json.ToJsonString(Readable) + "\n");
    }

    /// <summary>Compares; with <c>QUINTET_WRITE_DOCS=1</c> it writes the file anew first.</summary>
    public static void Holds(string path, string content)
    {
        string file = Repository.At(path);
        if (Environment.GetEnvironmentVariable("QUINTET_WRITE_DOCS") == "1") File.WriteAllText(file, content);

        Assert.True(File.Exists(file), $"{path} is missing; QUINTET_WRITE_DOCS=1 writes it");
        Assert.Equal(content, File.ReadAllText(file));
    }
}
