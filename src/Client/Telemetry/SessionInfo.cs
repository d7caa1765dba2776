namespace Quintet.Client.Telemetry;

/// <summary>Somebody who is logged in to the console.</summary>
/// <param name="Id">By which the session is ended; it opens nothing.</param>
/// <param name="Who">The name in the login.</param>
/// <param name="Role">Viewer or Operator.</param>
/// <param name="From">The address of the login.</param>
/// <param name="Began">When it began.</param>
/// <param name="Seen">When its browser asked for something last, to a minute.</param>
/// <param name="Until">When it ends by itself.</param>
public sealed record SessionInfo(string Id, string Who, string Role, string From, DateTimeOffset Began, DateTimeOffset Seen, DateTimeOffset Until);
