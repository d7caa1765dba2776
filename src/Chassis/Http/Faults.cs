using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Quintet.Hosting.Errors;

namespace Quintet.Chassis.Http;

/// <summary>Collects everything that is wrong with a request, so that its sender learns it at once and not one by one.</summary>
public sealed class Faults
{
    private readonly Dictionary<string, string[]> _faults = [];

    /// <summary>Whether something is wrong.</summary>
    public bool Any => _faults.Count > 0;

    /// <summary>Notes that <paramref name="member"/> breaks a rule unless <paramref name="isRight"/>.</summary>
    /// <param name="isRight">Whether the rule holds.</param>
    /// <param name="member">The member's name as the sender writes it.</param>
    /// <param name="rule">What is expected, such as <c>must be 1 to 200 characters</c>.</param>
    public Faults Check(bool isRight, string member, string rule)
    {
        if (!isRight) _faults[member] = _faults.TryGetValue(member, out string[]? before) ? [.. before, rule] : [rule];
        return this;
    }

    /// <summary>400 with all of them.</summary>
    public ValidationProblem ToProblem() =>
        TypedResults.ValidationProblem(_faults, title: "The request is not valid.", type: Problems.TypeOf("invalid-request"));
}
