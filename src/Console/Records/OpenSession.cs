namespace Quintet.Console.Records;

/// <summary>A login that lasts.</summary>
/// <param name="Id">By which it is named and ended. It opens nothing: the cookie is another secret, which nobody but its browser has.</param>
/// <param name="Who">The name in the login.</param>
/// <param name="Role">Viewer or Operator.</param>
/// <param name="From">The address of the login.</param>
/// <param name="Began">When it began.</param>
/// <param name="Seen">When its browser asked for something last, to a minute.</param>
/// <param name="Until">When it ends by itself.</param>
internal sealed record OpenSession(string Id, string Who, string Role, string From, DateTimeOffset Began, DateTimeOffset Seen, DateTimeOffset Until);
