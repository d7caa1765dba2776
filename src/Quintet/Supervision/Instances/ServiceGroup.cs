using System.Collections.Immutable;
using System.Globalization;
using Quintet.Manifest;
using Quintet.Supervision.Builds;
using Quintet.Supervision.Logs;
using Quintet.Supervision.Plan;
using Quintet.Supervision.Ports;

namespace Quintet.Supervision.Instances;

/// <summary>The instances of one service: how many, of which build, and how they are replaced. One change at a time.</summary>
internal sealed class ServiceGroup(SystemRun system, Parts parts, RegistryView view, FreePorts ports, ServiceManifest service) : IDisposable
{
    private const int LogLines = 20;

    private readonly AppBuilds _builds = new(system.State, service.Name);
    private readonly SemaphoreSlim _change = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private ImmutableArray<Instance> _instances = [];
    private AppBuild? _build;
    private int _lastNumber;

    public string Name => service.Name;

    public ImmutableArray<Instance> Instances => _instances;

    /// <summary>Makes the instances that the manifest asks for; <see cref="BeginAsync"/> starts them.</summary>
    public void Prepare()
    {
        view.Follow(service.Name);
        _instances = [.. Enumerable.Range(0, service.Replicas).Select(_ => NewInstance())];
    }

    /// <summary>Whether there is something to build; a service without a project never has.</summary>
    public bool TryUseCurrentBuild()
    {
        if (service.Project is null) return true;
        _build = _builds.Current(SourceFingerprint.Of(service.Project));
        return _build is not null;
    }

    /// <exception cref="BuildException">The project does not build; its instances have failed then.</exception>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        try
        {
            if (service.Project is not null) _build ??= await BuildAsync(cancellation);
        }
        catch (BuildException fault)
        {
            foreach (Instance instance in _instances) instance.Fail($"does not build: {(fault.Errors.Count > 0 ? fault.Errors[0] : "")}");
            throw;
        }

        foreach (Instance instance in _instances) Begin(instance);
        _builds.Prune(new HashSet<int> { _build?.Number ?? 0 });
    }

    /// <summary>Runs so many instances and waits until the new ones are ready and the others gone.</summary>
    public Task<string> ScaleAsync(int replicas, CancellationToken cancellation) => ChangeAsync(async token =>
    {
        if (replicas is < 0 or > ManifestKeys.ReplicasMax)
            throw new ChangeException(400, $"{replicas} instances of {Name}: from 0 to {ManifestKeys.ReplicasMax} are possible");
        if (service.Project is not null && _build is null) throw new ChangeException(409, $"{Name} has not been built yet");

        Instance[] added = [.. Enumerable.Range(0, Math.Max(0, replicas - _instances.Length)).Select(_ => NewInstance())];
        foreach (Instance instance in added) Begin(instance);
        _instances = [.. _instances, .. added];
        Instance[] removed = [.. _instances.Skip(replicas)];
        await StopAsync(removed);
        // Not rolled back: the operator wants them, and the supervisor goes on trying.
        await BecomeReadyAsync(added, $"{Name} runs {_instances.Length} instances, but", token);
        return $"{Name} runs {_instances.Length} instance{(_instances.Length == 1 ? "" : "s")}";
    }, cancellation);

    /// <summary>Builds the service and replaces its instances: new ones ready in the registry, old ones drained and stopped.</summary>
    public Task<string> DeployAsync(CancellationToken cancellation) => ChangeAsync(async token =>
    {
        AppBuild? previous = _build;
        if (service.Project is not null) _build = await BuildOrRefuseAsync(token);
        ImmutableArray<Instance> old = _instances;
        Instance[] next = [.. Enumerable.Range(0, Math.Max(1, old.Length)).Select(_ => NewInstance())];
        if (old.Length == 0) next = [];
        foreach (Instance instance in next) Begin(instance);
        _instances = [.. old, .. next];
        try
        {
            await BecomeReadyAsync(next, $"the new build of {Name} was rolled back:", token);
        }
        catch (ChangeException)
        {
            await StopAsync(next);
            _build = previous;
            throw;
        }

        await StopAsync([.. old]);
        _builds.Prune(new HashSet<int> { _build?.Number ?? 0, previous?.Number ?? 0 });
        string build = _build is null ? "" : string.Create(CultureInfo.InvariantCulture, $" build {_build.Number}");
        return $"{Name}{build} is deployed: {(next.Length == 0 ? "no instance is wanted" : string.Join(", ", next.Select(i => i.Plan.Id)))}";
    }, cancellation);

    /// <summary>Restarts the instances one after the other, each ready before the next.</summary>
    public Task<string> RestartAsync(string? onlyInstance, CancellationToken cancellation) => ChangeAsync(async token =>
    {
        Instance[] chosen = [.. _instances.Where(i => onlyInstance is null || i.Plan.Id == onlyInstance)];
        foreach (Instance instance in chosen)
        {
            await instance.RestartAsync(drain: _instances.Length > 1);
            await BecomeReadyAsync([instance], "", token);
        }

        return $"{onlyInstance ?? Name} was restarted";
    }, cancellation);

    /// <summary>Ends all instances, without waiting for callers to learn of it: the gateway is gone already.</summary>
    public async Task CloseAsync()
    {
        await _closing.CancelAsync();
        await Task.WhenAll(_instances.Select(i => i.StopAsync(drain: false)));
    }

    public void Dispose()
    {
        foreach (Instance instance in _instances) instance.Dispose();
        _change.Dispose();
        _closing.Dispose();
    }

    private Instance NewInstance()
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"{Name}-{++_lastNumber}");
        return new Instance(system, parts.Service(service, id, ports.Take(), view, null));
    }

    private void Begin(Instance instance)
    {
        InstancePlan plan = instance.Plan;
        instance.Plan = parts.Service(service, plan.Id, new Uri(plan.Endpoint).Port, view, _build);
        instance.Begin();
    }

    private async Task<AppBuild> BuildAsync(CancellationToken cancellation)
    {
        // Taken before the build: what is changed meanwhile is built the next time.
        string fingerprint = SourceFingerprint.Of(service.Project!);
        if (_builds.Current(fingerprint) is { } current) return current;
        system.Say($"building {Name}");
        AppBuild built = await _builds.PublishAsync(service.Project!, fingerprint, cancellation);
        system.Say(string.Create(CultureInfo.InvariantCulture, $"built {Name} {built.Number}"));
        return built;
    }

    private async Task<AppBuild> BuildOrRefuseAsync(CancellationToken cancellation)
    {
        try
        {
            return await BuildAsync(cancellation);
        }
        catch (BuildException fault)
        {
            throw new ChangeException(422, $"{Name} does not build; what ran before runs on", fault.Errors);
        }
    }

    private async Task BecomeReadyAsync(IReadOnlyList<Instance> instances, string refusal, CancellationToken cancellation)
    {
        bool[] ready = await Task.WhenAll(instances.Select(i => i.BecomesReadyAsync(system.Options.ReadyDeadline, cancellation)));
        if (instances.Zip(ready).FirstOrDefault(pair => !pair.Second).First is not { } late) return;
        string reason = late.Reason.Length > 0 ? late.Reason : $"is still {late.State.ToString().ToLowerInvariant()}";
        string limit = late.State == InstanceState.Failed ? "" : $" within {system.Options.ReadyDeadline.TotalSeconds:0} s";
        throw new ChangeException(504, $"{refusal} {late.Plan.Id} did not become ready{limit}: {reason}".TrimStart(),
            LogReader.Tail(late.LogPath, LogLines));
    }

    private async Task StopAsync(IReadOnlyList<Instance> instances)
    {
        await Task.WhenAll(instances.Select(i => i.StopAsync(drain: true)));
        _instances = [.. _instances.Except(instances)];
        foreach (Instance instance in instances)
        {
            ports.Return(new Uri(instance.Plan.Endpoint).Port);
            instance.Dispose();
        }
    }

    /// <summary>A change goes on when its client goes away: half a deploy serves nobody. Only the end of the system cuts it off.</summary>
    private async Task<string> ChangeAsync(Func<CancellationToken, Task<string>> change, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!await _change.WaitAsync(TimeSpan.Zero, CancellationToken.None))
            throw new ChangeException(409, $"another change of {Name} is going on; wait for its end");
        try
        {
            return await change(_closing.Token);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            throw new ChangeException(409, "the system is being stopped");
        }
        finally
        {
            _change.Release();
        }
    }
}
