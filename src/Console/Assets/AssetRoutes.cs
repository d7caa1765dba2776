using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Quintet.Console.Assets;

/// <summary>
/// Scripts and style sheets out of the assembly, each under a name with its own hash in it, so that a browser keeps it until it is another one.
/// </summary>
internal static class AssetRoutes
{
    private static readonly Dictionary<string, Asset> ByName = Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Select(Asset.TryRead).OfType<Asset>().ToDictionary(asset => asset.Name);

    /// <summary>Where a page finds an asset.</summary>
    public static string PathOf(string name) => ByName[name].Path;

    public static void MapAssets(this IEndpointRouteBuilder routes)
    {
        foreach (Asset asset in ByName.Values) routes.MapGet(asset.Path, asset.WriteAsync);
        // Browsers ask for it by themselves, whatever the page says.
        routes.MapGet("/favicon.ico", ByName["icon.svg"].WriteAsync);
    }

    private sealed record Asset(string Name, string Type, byte[] Content, byte[] Compressed)
    {
        public string Path { get; } = $"/assets/{Name.Insert(Name.LastIndexOf('.'), $".{Convert.ToHexStringLower(SHA256.HashData(Content))[..10]}")}";

        public static Asset? TryRead(string resource)
        {
            string? type = System.IO.Path.GetExtension(resource) switch
            {
                ".css" => "text/css; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                ".svg" => "image/svg+xml",
                _ => null,
            };
            if (type is null) return null;
            using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
            using MemoryStream content = new();
            stream.CopyTo(content);
            return new Asset(resource, type, content.ToArray(), Compress(content.ToArray()));
        }

        public Task WriteAsync(HttpContext context)
        {
            bool isCompressed = context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.OrdinalIgnoreCase);
            byte[] body = isCompressed ? Compressed : Content;
            IHeaderDictionary headers = context.Response.Headers;
            headers.CacheControl = "public, max-age=31536000, immutable";
            headers.Vary = "Accept-Encoding";
            if (isCompressed) headers.ContentEncoding = "br";
            context.Response.ContentType = Type;
            context.Response.ContentLength = body.Length;
            return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
        }

        // Once a start: a middle level, since the highest takes half a second for the script.
        private static byte[] Compress(byte[] content)
        {
            using MemoryStream compressed = new();
            using (BrotliStream brotli = new(compressed, new BrotliCompressionOptions { Quality = 6 })) brotli.Write(content);
            return compressed.ToArray();
        }
    }
}
