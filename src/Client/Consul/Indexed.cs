namespace Quintet.Client.Consul;

/// <summary>An answer together with the <c>X-Consul-Index</c> to wait on for the next one.</summary>
/// <param name="Value">The answer.</param>
/// <param name="Index">The index; 0 when the server sent none, which means that it cannot be waited on.</param>
public readonly record struct Indexed<T>(T Value, ulong Index);

/// <summary>
/// Turns a read into a blocking query: the server answers when its index passes <paramref name="Index"/>, at the latest after
/// <paramref name="Wait"/>.
/// </summary>
/// <param name="Index">The index of the last answer; 0 means do not wait.</param>
/// <param name="Wait">The longest wait; zero leaves it to the server (five minutes). Consul takes at most ten minutes.</param>
public readonly record struct Blocking(ulong Index, TimeSpan Wait);
