namespace Quintet.Broker.Policies;

/// <summary>
/// The policies of a virtual host. Changed under the virtual host's gate; read without. Of those that match, the one of the highest priority
/// counts; among equals the first by name, where RabbitMQ leaves it open.
/// </summary>
internal sealed class PolicyBook
{
    private volatile Policy[] _policies = [];
    private volatile Policy[] _ofOperator = [];

    /// <summary>Sorted as they count.</summary>
    public IReadOnlyList<Policy> Policies => _policies;

    public IReadOnlyList<Policy> OfOperator => _ofOperator;

    public IEnumerable<Policy> All => [.. _policies, .. _ofOperator];

    public Policy? Find(string name, bool isOperator) => Array.Find(isOperator ? _ofOperator : _policies, policy => policy.Name == name);

    public EffectivePolicy Match(PolicyTarget target) => _policies.Length == 0 && _ofOperator.Length == 0
        ? EffectivePolicy.None
        : EffectivePolicy.Of(Array.Find(_policies, policy => policy.Covers(target)), Array.Find(_ofOperator, policy => policy.Covers(target)));

    public void Put(Policy policy)
    {
        if (policy.Key.IsOperator) _ofOperator = Sorted([.. _ofOperator.Where(other => other.Name != policy.Name), policy]);
        else _policies = Sorted([.. _policies.Where(other => other.Name != policy.Name), policy]);
    }

    public bool Remove(string name, bool isOperator)
    {
        if (Find(name, isOperator) is null) return false;
        if (isOperator) _ofOperator = [.. _ofOperator.Where(policy => policy.Name != name)];
        else _policies = [.. _policies.Where(policy => policy.Name != name)];
        return true;
    }

    private static Policy[] Sorted(Policy[] policies) =>
        [.. policies.OrderByDescending(policy => policy.Priority).ThenBy(policy => policy.Name, StringComparer.Ordinal)];
}
