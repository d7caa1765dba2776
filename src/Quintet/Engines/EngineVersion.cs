using System.Globalization;
using Quintet.Terminal;

namespace Quintet.Engines;

/// <summary>The oldest engines that this is tested with or known to work on.</summary>
internal static class EngineVersion
{
    /// <summary>The first RabbitMQ whose quorum queues take a TTL of their messages and hand dead letters over at least once.</summary>
    public static readonly Version RabbitLeast = new(3, 10);

    /// <summary>The oldest Consul at hand to test with; its access control is that of 1.4.</summary>
    public static readonly Version ConsulLeast = new(1, 8);

    /// <summary>The oldest PostgreSQL that still gets corrections.</summary>
    public static readonly Version PostgresLeast = new(13, 0);

    /// <summary>Whether what an engine says of itself (<c>3.10.8</c>, <c>1.20.0+ent</c>, <c>15.18 (Debian …)</c>) is new enough.</summary>
    public static bool IsEnough(string? version, Version least) => Parse(version) is { } found && found >= least;

    /// <exception cref="CommandException">It is older, or says nothing that can be compared.</exception>
    public static void Require(string engine, string? version, Version least)
    {
        if (!IsEnough(version, least))
            throw new CommandException(ExitCode.Failed, $"this {engine} is {version ?? "of an unknown version"}; at least {least} is needed");
    }

    private static Version? Parse(string? version)
    {
        int[] numbers = [.. (version ?? "").Split('.').Take(2).Select(part => new string([.. part.TakeWhile(char.IsAsciiDigit)]))
            .TakeWhile(digits => digits.Length is > 0 and < 7).Select(digits => int.Parse(digits, CultureInfo.InvariantCulture))];
        return numbers switch
        {
            [int major, int minor] => new Version(major, minor),
            [int major] => new Version(major, 0),
            _ => null,
        };
    }
}
