namespace Quintet.Console.Telemetry.Queries;

/// <summary>A question that has no answer; it names the faulty part.</summary>
internal sealed class InvalidQueryException(string parameter, string fault) : Exception($"{parameter} {fault}")
{
    public string Parameter => parameter;

    public string Fault => fault;
}
