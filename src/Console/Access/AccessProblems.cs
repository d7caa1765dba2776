using System.Globalization;
using Microsoft.AspNetCore.Http;
using Quintet.Hosting.Errors;

namespace Quintet.Console.Access;

/// <summary>What a request is told that is not let in.</summary>
internal static class AccessProblems
{
    public static Task LoginNeeded(HttpContext context) => WriteAsync(context, StatusCodes.Status401Unauthorized, "console-login-needed", "A login is needed",
        "Log in with the link that 'quintet console link' prints; a program presents one of Console:Access:Tokens as 'Authorization: Bearer'.");

    public static Task Forbidden(HttpContext context) => WriteAsync(context, StatusCodes.Status403Forbidden, "console-forbidden", "This is for operators",
        "A viewer may look; 'quintet console link' makes an operator's link.");

    public static Task WrongHost(HttpContext context) => WriteAsync(context, StatusCodes.Status421MisdirectedRequest, "console-host",
        "This console is not called so",
        $"'{context.Request.Host.Host}' is none of its names; add it to Console:Access:Hosts if it is yours.");

    public static Task CrossSite(HttpContext context) => WriteAsync(context, StatusCodes.Status403Forbidden, "console-origin",
        "Another site sent this request", "Only the console's own pages may send it.");

    public static Task TooManyLogins(HttpContext context, TimeSpan wait)
    {
        int seconds = (int)Math.Ceiling(wait.TotalSeconds);
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return WriteAsync(context, StatusCodes.Status429TooManyRequests, "console-logins", "Too many failed logins",
            string.Create(CultureInfo.InvariantCulture, $"Try again in {seconds} s."));
    }

    private static Task WriteAsync(HttpContext context, int status, string name, string title, string detail) =>
        TypedResults.Problem(detail, statusCode: status, title: title, type: Problems.TypeOf(name)).ExecuteAsync(context);
}
