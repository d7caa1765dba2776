using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Quintet.ConfigServer.Http;
using Quintet.Hosting.Settings;

namespace Quintet.ConfigServer.Access;

/// <summary>Recognises tokens, and takes new ones from the settings file while it runs.</summary>
internal sealed partial class TokenAccess : IDisposable
{
    private readonly IOptionsFactory<ConfigServerOptions> factory;
    private readonly ILogger<TokenAccess> logger;
    private readonly IDisposable reload;
    private TokenConfig config;

    public TokenAccess(
        IOptions<ConfigServerOptions> options, IOptionsFactory<ConfigServerOptions> factory,
        IConfiguration configuration, ILogger<TokenAccess> logger)
    {
        this.factory = factory;
        this.logger = logger;
        config = TokenConfig.Of(options.Value.Tokens);
        reload = ChangeToken.OnChange(configuration.GetReloadToken, Reload);
    }

    /// <summary>The grant of whoever sent the request.</summary>
    /// <exception cref="RequestRefused">401: no token, or an unknown one.</exception>
    public Grant Authenticate(HttpContext context)
    {
        TokenConfig now = Volatile.Read(ref config);
        if (now.Tokens.Count == 0) return Grant.Everything;
        string? presented = PresentedBy(context.Request);
        Grant? found = null;
        foreach ((Secret secret, Grant grant) in now.Tokens)
            if (secret.Matches(presented)) found = grant; // all are compared: the time tells nothing
        return found ?? throw new RequestRefused(
            StatusCodes.Status401Unauthorized, "a token is needed: Authorization: Bearer, or the password of Basic", RefusalKind.Unauthorized);
    }

    public void Dispose() => reload.Dispose();

    private void Reload()
    {
        try
        {
            TokenConfig next = TokenConfig.Of(factory.Create(Options.DefaultName).Tokens);
            if (next.Tokens.Count == 0 && config.Tokens.Count > 0)
            {
                // A settings file that is missing or cut for a moment looks just like this; it must not open the server to everyone.
                Log.TokensKept(logger, "there are none in them");
                return;
            }

            Volatile.Write(ref config, next);
        }
        catch (OptionsValidationException fault)
        {
            Log.TokensKept(logger, string.Join("; ", fault.Failures));
        }
    }

    private static string? PresentedBy(HttpRequest request)
    {
        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out AuthenticationHeaderValue? header) || header.Parameter is null) return null;
        if (header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)) return header.Parameter;
        if (!header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)) return null;

        byte[] decoded = new byte[header.Parameter.Length];
        if (!Convert.TryFromBase64String(header.Parameter, decoded, out int length)) return null;
        string userAndPassword = Encoding.UTF8.GetString(decoded, 0, length);
        int colon = userAndPassword.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : userAndPassword[(colon + 1)..];
    }

    private static partial class Log
    {
        [LoggerMessage(3020, LogLevel.Warning, "The changed settings were not taken, the tokens stay as they were: {Reason}")]
        public static partial void TokensKept(ILogger logger, string reason);
    }
}
