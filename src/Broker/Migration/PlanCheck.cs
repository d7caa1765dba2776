using System.Text;
using Quintet.Broker.Access;
using Quintet.Broker.Amqp;
using Quintet.Broker.Queues;
using Quintet.Broker.Topology.Declarations;
using Quintet.Broker.Topology;

namespace Quintet.Broker.Migration;

/// <summary>Looks at a plan beside what is there already: who and what it names, whether there is room, whether each binding can be.</summary>
internal sealed class PlanCheck(ImportPlan plan, BrokerNode node, Users users, LimitOptions limits)
{
    /// <summary>Adds what is wrong to the plan's faults.</summary>
    public void Run(string? onlyVhost)
    {
        CheckReferences(onlyVhost);
        CheckNames();
        foreach (IGrouping<string, QueueSettings> group in plan.Queues.GroupBy(queue => queue.Vhost)) CheckRoom(group);
        CheckBindings();
    }

    private void CheckReferences(string? onlyVhost)
    {
        HashSet<string> vhosts = [.. node.Vhosts.Select(vhost => vhost.Name), .. plan.VirtualHosts.Select(of => of.Name)];
        HashSet<string> names = [.. users.All.Select(user => user.Name), .. plan.Users.Select(user => user.Name)];
        if (onlyVhost is not null && !vhosts.Contains(onlyVhost)) plan.Faults.Add($"no_such_vhost: {onlyVhost}");
        IEnumerable<string> asked =
        [
            .. plan.Permissions.Select(of => of.Permission.Vhost), .. plan.TopicPermissions.Select(of => of.Permission.Vhost),
            .. plan.Limits.Select(of => of.Vhost), .. plan.Exchanges.Select(of => of.Vhost), .. plan.Queues.Select(of => of.Vhost),
            .. plan.Bindings.Select(of => of.Vhost), .. plan.Policies.Select(of => of.Key.Vhost),
        ];
        foreach (string vhost in asked.Distinct().Where(vhost => !vhosts.Contains(vhost) && vhost != onlyVhost)) plan.Faults.Add($"no_such_vhost: {vhost}");
        foreach (string user in plan.Permissions.Select(of => of.User).Concat(plan.TopicPermissions.Select(of => of.User)).Distinct()
            .Where(user => !names.Contains(user))) plan.Faults.Add($"no_such_user: {user}");
    }

    // What would be refused half-way, after other changes.
    private void CheckNames()
    {
        foreach (string name in plan.Users.Select(user => user.Name).Where(name => IsOutside(name, UserSettings.NameBytesMax)))
            plan.Faults.Add($"user '{name}': the name of a user is 1 to {UserSettings.NameBytesMax} octets long");
        foreach (string name in plan.VirtualHosts.Select(of => of.Name).Where(name => IsOutside(name, VirtualHostSettings.NameBytesMax)))
            plan.Faults.Add($"vhost '{name}': the name of a virtual host is 1 to {VirtualHostSettings.NameBytesMax} octets long");
        CheckCount("users", users.All.Select(user => user.Name), plan.Users.Select(user => user.Name), limits.Users);
        CheckCount("virtual hosts", node.Vhosts.Select(vhost => vhost.Name), plan.VirtualHosts.Select(of => of.Name), limits.VirtualHosts);
        CheckCount("global parameters", node.GlobalParameters.All.Select(of => of.Key), plan.GlobalParameters.Select(of => of.Name), limits.GlobalParameters);
    }

    private static bool IsOutside(string name, int most) => name.Length == 0 || Encoding.UTF8.GetByteCount(name) > most;

    private void CheckCount(string what, IEnumerable<string> present, IEnumerable<string> added, int most)
    {
        HashSet<string> names = [.. present];
        int before = names.Count;
        names.UnionWith(added);
        if (names.Count > most && names.Count > before) plan.Faults.Add($"there would be {names.Count} {what}: the limit is {most}");
    }

    private void CheckRoom(IGrouping<string, QueueSettings> added)
    {
        VirtualHost? vhost = node.FindVhost(added.Key);
        VirtualHostSettings settings = vhost?.Settings ?? new VirtualHostSettings { Name = added.Key };
        foreach ((_, Func<VirtualHostSettings, VirtualHostSettings> describe) in plan.Limits.Where(of => of.Vhost == added.Key)) settings = describe(settings);
        if (settings.QueuesMax is not { } most) return;
        int before = vhost?.Queues.Count ?? 0, more = added.Select(queue => queue.Name).Distinct().Count(name => vhost?.FindQueue(name) is null);
        if (more > 0 && before + more > most)
            plan.Faults.Add($"adding {more} queue(s) to virtual host \"{added.Key}\" would exceed the limit of {most} queue(s)");
    }

    // What is there already goes before what the file says of the same name, as it will when things are declared.
    private void CheckBindings()
    {
        Dictionary<(string, string), ExchangeSettings> exchanges = [];
        foreach (ExchangeSettings exchange in plan.Exchanges) exchanges.TryAdd((exchange.Vhost, exchange.Name), exchange);
        foreach (string vhost in plan.VirtualHosts.Select(of => of.Name))
            foreach ((string name, string type, _) in VirtualHost.Predeclared)
                exchanges.TryAdd((vhost, name), new ExchangeSettings { Vhost = vhost, Name = name, Type = type });
        Dictionary<(string, string), QueueSettings> queues = [];
        foreach (QueueSettings queue in plan.Queues) queues.TryAdd((queue.Vhost, queue.Name), queue);
        foreach (DeclaredBinding binding in plan.Bindings)
        {
            VirtualHost? vhost = node.FindVhost(binding.Vhost);
            (string destination, bool isQueue) = binding.Destination;
            ExchangeSettings? source = vhost?.FindExchange(binding.Source)?.Settings ?? exchanges.GetValueOrDefault((binding.Vhost, binding.Source));
            QueueSettings? queue = isQueue ? vhost?.FindQueue(destination)?.Settings ?? queues.GetValueOrDefault((binding.Vhost, destination)) : null;
            if (source is null || (isQueue && queue is null)) continue; // passed over when bindings are made
            try
            {
                ExchangeTypes.Check(source, new BindingTerms(binding.Rule.RoutingKey, binding.Rule.Arguments, queue));
            }
            catch (AmqpException fault)
            {
                plan.Faults.Add($"binding from exchange '{binding.Source}' to '{destination}' in vhost '{binding.Vhost}': {fault.Text}");
            }
        }
    }
}
