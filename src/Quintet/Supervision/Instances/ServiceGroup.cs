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
    private ServiceManifest _service = service;
    private AppBuild? _build;
    private int _lastNumber;

    public string Name { get; } = service.Name;

    public ImmutableArray<Instance> Instances => _instances;

    /// <summary>Makes the instances that the manifest asks for; <see cref="BeginAsync"/> starts them.</summary>
    public void Prepare()
    {
        view.Follow(Name);
        _instances = [.. Enumerable.Range(0, _service.Replicas).Select(_ => NewInstance())];
    }

    /// <summary>Whether there is something to build; a service without a project never has.</summary>
    public bool TryUseCurrentBuild()
    {
        if (_service.Project is null) return true;
        _build = _builds.Current(SourceFingerprint.Of(_service.Project));
        return _build is not null;
    }

    /// <exception cref="BuildException">The project does not build.</exception>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        if (_service.Project is not null) _build ??= await BuildAsync(_service, cancellation);
        foreach (Instance instance in _instances) Begin(instance);
        _builds.Prune(new HashSet<int> { _build?.Number ?? 0 });
    }

    /// <summary>None of its instances will be started.</summary>
    public void Fail(string reason)
    {
        foreach (Instance instance in _instances) instance.Fail(reason);
    }

    /// <summary>Runs so many instances and waits until the new ones are ready and the others gone.</summary>
    public Task<string> ScaleAsync(int replicas, CancellationToken cancellation) => ChangeAsync(async token =>
    {
        if (replicas is < 0 or > ManifestKeys.ReplicasMax)
            throw new ChangeException(400, $"{replicas} instances of {Name}: from 0 to {ManifestKeys.ReplicasMax} are possible");
        if (_service.Project is not null && _build is null) throw new ChangeException(409, $"{Name} has not been built yet");

        Instance[] added = [.. Enumerable.Range(0, Math.Max(0, replicas - _instances.Length)).Select(_ => NewInstance())];
        foreach (Instance instance in added) Begin(instance);
        _instances = [.. _instances, .. added];
        Instance[] removed = [.. _instances.Skip(replicas)];
        await StopAsync(removed);
        // Not rolled back: the operator wants them, and the supervisor goes on trying.
        await BecomeReadyAsync(added, $"{Name} runs {_instances.Length} instances, but", token);
        return $"{Name} runs {_instances.Length} instance{(_instances.Length == 1 ? "" : "s")}";
    }, cancellation);

    /// <summary>Puts the service in force as it is wanted now, built when there is something to build.</summary>
    public Task<string> DeployAsync(ServiceManifest wanted, CancellationToken cancellation) => ChangeAsync(async token =>
    {
        AppBuild? build = wanted.Project is null ? null : await BuildOrRefuseAsync(wanted, token);
        // Somebody may have scaled it meanwhile; only another number in the manifest counts for more.
        int replicas = wanted.Replicas == _service.Replicas ? _instances.Length : wanted.Replicas;
        IReadOnlyList<Instance> next = await ReplaceAsync((wanted, build), replicas, $"the deploy of {Name} was rolled back:", token);
        string number = build is null ? "" : string.Create(CultureInfo.InvariantCulture, $" build {build.Number}");
        return $"{Name}{number} is deployed: {(next.Count == 0 ? "no instance is wanted" : string.Join(", ", next.Select(i => i.Plan.Id)))}";
    }, cancellation);

    /// <summary>Replaces all instances by new ones of the same build, or starts the process of a single one again in its place.</summary>
    public Task<string> RestartAsync(string? onlyInstance, CancellationToken cancellation) => ChangeAsync(async token =>
    {
        if (onlyInstance is null)
        {
            if (_instances.IsEmpty) throw new ChangeException(409, $"no instance of {Name} is wanted; 'quintet scale {Name}=1' starts one");
            IReadOnlyList<Instance> next = await ReplaceAsync((_service, _build), _instances.Length, $"the restart of {Name} was rolled back:", token);
            return $"{Name} was restarted: {string.Join(", ", next.Select(i => i.Plan.Id))}";
        }

        Instance instance = _instances.FirstOrDefault(i => i.Plan.Id == onlyInstance) ?? throw new ChangeException(404, $"{onlyInstance} has ended");
        await instance.RestartAsync(drain: _instances.Length > 1);
        await BecomeReadyAsync([instance], "", token);
        return $"{onlyInstance} was restarted";
    }, cancellation);

    /// <summary>Ends all instances, without waiting for callers to learn of it: the gateway is gone already.</summary>
    public async Task CloseAsync()
    {
        await _closing.CancelAsync();
        await _change.WaitAsync(); // and nothing changes any more
        await Task.WhenAll(_instances.Select(i => i.StopAsync(drain: false)));
    }

    public void Dispose()
    {
        foreach (Instance instance in _instances) instance.Dispose();
        _change.Dispose();
        _closing.Dispose();
    }

    /// <summary>New instances ready in the registry, then the old ones drained and stopped; when that fails, the old ones as if nothing
    /// had been.</summary>
    private async Task<IReadOnlyList<Instance>> ReplaceAsync(
        (ServiceManifest Service, AppBuild? Build) next, int replicas, string refusal, CancellationToken cancellation)
    {
        (ServiceManifest Service, AppBuild? Build) before = (_service, _build);
        ImmutableArray<Instance> old = _instances;
        await parts.Manifest.AllowBothAsync(before.Service, next.Service, cancellation);
        (_service, _build) = next;
        Instance[] added = [.. Enumerable.Range(0, replicas).Select(_ => NewInstance())];
        foreach (Instance instance in added) Begin(instance);
        _instances = [.. old, .. added];
        try
        {
            await BecomeReadyAsync(added, refusal, cancellation);
        }
        catch (ChangeException)
        {
            await StopAsync(added);
            (_service, _build) = before;
            parts.Manifest.Apply(before.Service);
            throw;
        }

        await StopAsync([.. old]);
        parts.Manifest.Apply(next.Service);
        _builds.Prune(new HashSet<int> { next.Build?.Number ?? 0, before.Build?.Number ?? 0 });
        return added;
    }

    private Instance NewInstance()
    {
        string id = string.Create(CultureInfo.InvariantCulture, $"{Name}-{++_lastNumber}");
        return new Instance(system, parts.Service(_service, id, ports.Take(), view, null));
    }

    private void Begin(Instance instance)
    {
        InstancePlan plan = instance.Plan;
        instance.Plan = parts.Service(_service, plan.Id, new Uri(plan.Endpoint).Port, view, _build);
        instance.Begin();
    }

    private async Task<AppBuild> BuildAsync(ServiceManifest wanted, CancellationToken cancellation)
    {
        // Taken before the build: what is changed meanwhile is built the next time.
        string fingerprint = SourceFingerprint.Of(wanted.Project!);
        if (_builds.Current(fingerprint) is { } current) return current;
        system.Say($"building {Name}");
        AppBuild built = await _builds.PublishAsync(wanted.Project!, fingerprint, cancellation);
        system.Say(string.Create(CultureInfo.InvariantCulture, $"built {Name} {built.Number}"));
        return built;
    }

    private async Task<AppBuild> BuildOrRefuseAsync(ServiceManifest wanted, CancellationToken cancellation)
    {
        try
        {
            return await BuildAsync(wanted, cancellation);
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
