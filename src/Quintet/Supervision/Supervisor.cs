using System.Collections.Immutable;
using Quintet.Manifest;
using Quintet.Supervision.Builds;
using Quintet.Supervision.Instances;
using Quintet.Supervision.Plan;
using Quintet.Supervision.Ports;
using Quintet.Supervision.Processes;
using Quintet.Supervision.State;

namespace Quintet.Supervision;

/// <summary>
/// One running system: its boxes and services as processes of their own, kept alive until it is stopped.
/// <see cref="OpenAsync"/> takes the state folder, <see cref="Start"/> starts everything at once, <see cref="StopAsync"/> ends it in order.
/// </summary>
internal sealed class Supervisor : IAsyncDisposable
{
    private readonly AppliedManifest _manifest;
    private readonly FileStream _lock;
    private readonly FreePorts _ports = new();
    private readonly EngineAccounts _accounts;
    private readonly Parts _parts;
    private readonly ServiceEnvironment _environment;
    private readonly RegistryView _view;
    private readonly ImmutableArray<Instance> _boxes;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopWanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableArray<ServiceGroup> _services;
    private ImmutableList<string> _faults = [];
    private Task _building = Task.CompletedTask;

    private Supervisor(SystemManifest manifest, SystemRun system, FileStream held, bool isolated)
    {
        (Run, _lock) = (system, held);
        _accounts = new EngineAccounts(system.State);
        _accounts.Check(manifest);
        Secrets secrets = Secrets.Open(system.State.Secrets);
        ControlToken = secrets.Of(Secrets.Control);
        Endpoints = Endpoints.Of(manifest, isolated ? _ports : null);
        Credentials credentials = new(manifest, Endpoints, secrets, _accounts);
        _environment = new ServiceEnvironment(system, manifest, Endpoints, credentials);
        _manifest = new AppliedManifest(system, manifest, Endpoints, secrets, credentials);
        _parts = new Parts(system, _manifest, Endpoints, _environment);
        ThrowUnlessPortsAreFree();
        _manifest.Write();
        secrets.Save();

        _view = new RegistryView(Endpoints.Registry, credentials.RegistryToken("supervisor"), system.Options, system.Time);
        _boxes = [.. _parts.Boxes().Select(plan => new Instance(system, plan))];
        _services = [.. manifest.Services.Select(service => new ServiceGroup(system, _parts, _view, _ports, service))];
        foreach (ServiceGroup service in _services) service.Prepare();
    }

    public SystemRun Run { get; }

    public string Name => _manifest.Current.System;

    public Endpoints Endpoints { get; }

    /// <summary>What a client of the control API must present.</summary>
    public string ControlToken { get; }

    /// <summary>What keeps the system from ever being ready; null when nothing is known.</summary>
    public string? Failure => _faults.IsEmpty || (!_building.IsCompleted && Instances.Any(i => i.State == InstanceState.Building))
        ? null // more may come, and all are told at once
        : string.Join('\n', _faults);

    /// <summary>Completes when somebody asked over the control API for the end.</summary>
    public Task StopWanted => _stopWanted.Task;

    public IEnumerable<Instance> Instances => _boxes.Concat(_services.SelectMany(s => s.Instances));

    /// <summary>Every instance that is wanted is ready; the console only looks on.</summary>
    public bool IsReady => Failure is null && !_stopping.IsCancellationRequested
        && Instances.All(i => i.State == InstanceState.Ready || i.Plan.Part == Parts.Console);

    /// <summary>Takes the state folder, ends what an earlier run left behind there, and prepares everything that is told to the parts.</summary>
    /// <exception cref="ConflictException">The state has a running system, or a port is taken.</exception>
    public static async Task<Supervisor> OpenAsync(SystemManifest manifest, StateFolder state, SupervisionOptions options, bool isolated)
    {
        FileStream held = await HoldAsync(state, options) ?? throw new ConflictException(
            RunFile.Read(state) is { IsAlive: true } other
                ? $"a system runs in '{state.Path}' already (supervisor {other.Pid}); "
                    + "'quintet status' shows it, 'quintet down' stops it, '--state' takes another folder"
                : $"another quintet works in '{state.Path}' right now; try again, or take another folder with '--state'");
        SystemRun? system = null;
        try
        {
            state.Create();
            if (RunFile.Read(state) is { } stale) Leftovers.Kill(stale.Run);
            File.Delete(state.Run);
            system = new SystemRun(state, options);
            return new Supervisor(manifest, system, held, isolated);
        }
        catch
        {
            if (system is not null) await system.DisposeAsync();
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>A supervisor that was just killed holds its state until the kernel has taken it apart: on a busy machine that is not at once.</summary>
    private static async Task<FileStream?> HoldAsync(StateFolder state, SupervisionOptions options)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (state.TryLock() is { } held) return held;
            if (RunFile.Read(state) is { IsAlive: true } || TimeProvider.System.GetElapsedTime(began) >= options.StateWait) return null;
            await Task.Delay(options.StartingProbe, TimeProvider.System);
        }
    }

    /// <summary>Starts all boxes and all services that need no build, and builds the others one after the other meanwhile.</summary>
    /// <param name="control">Where the control API listens.</param>
    public void Start(Uri control)
    {
        _parts.Control = control;
        Run.Say($"run {Run.Id} of {_manifest.Current.File}");
        foreach (string warning in _accounts.Warnings(_manifest.Current.Engines)) Run.Say(warning);
        foreach (Instance box in _boxes) box.Begin();
        _building = Task.Run(BeginServicesAsync);
    }

    public IReadOnlyDictionary<string, string> OperatorEnvironment() => _environment.OfOperator();

    public string EngineOf(string part) => _parts.EngineOf(part);

    public Task<string> ScaleAsync(string service, int replicas, CancellationToken cancellation) => Service(service).ScaleAsync(replicas, cancellation);

    /// <summary>Brings a service to what the manifest and its sources say now; one that is new there is started.</summary>
    public async Task<string> DeployAsync(string service, CancellationToken cancellation)
    {
        SystemManifest read = _manifest.ReadAgain();
        if (read.Services.FirstOrDefault(s => s.Name == service) is not { } wanted)
            throw _services.Any(s => s.Name == service)
                ? new ChangeException(404, $"'{service}' runs but is not in the manifest any more; 'quintet scale {service}=0' ends its instances")
                : NoSuchService(service, read);
        TakeAccounts(wanted);
        string done = await (_services.FirstOrDefault(s => s.Name == service) is { } known
            ? known.DeployAsync(wanted, cancellation)
            : DeployNewAsync(wanted, cancellation));
        IReadOnlyList<string> heldBack = _manifest.HeldBack(read);
        return heldBack.Count == 0
            ? done
            : $"{done}\nchanged in the manifest, but only 'quintet down' and 'quintet up' apply it: {string.Join(", ", heldBack)}";
    }

    public async Task<string> RestartAsync(string part, CancellationToken cancellation)
    {
        if (_boxes.FirstOrDefault(b => b.Plan.Part == part) is not { } box)
        {
            if (_services.FirstOrDefault(s => s.Instances.Any(i => i.Plan.Id == part)) is { } owner) return await owner.RestartAsync(part, cancellation);
            return await Service(part).RestartAsync(null, cancellation);
        }

        await box.RestartAsync(drain: false);
        if (!await box.BecomesReadyAsync(Run.Options.ReadyDeadline, cancellation))
            throw new ChangeException(504, $"{part} did not become ready: {box.Reason}", Logs.LogReader.Tail(box.LogPath, 20));
        return $"{part} was restarted";
    }

    /// <summary>The instances that a part's or an instance's name means; null means all.</summary>
    public IReadOnlyList<Instance> Find(string? part)
    {
        Instance[] found = [.. Instances.Where(i => part is null || i.Plan.Part == part || i.Plan.Id == part)];
        return found.Length > 0 || part is null ? found : throw NoSuchPart(part);
    }

    public void WantStop() => _stopWanted.TrySetResult();

    /// <summary>
    /// Ends everything in the order in which it is needed: the gateway first, which lets nobody in and finishes what is inside; the services,
    /// which withdraw and hand over what they have; then the boxes they hand it to.
    /// </summary>
    public async Task StopAsync()
    {
        lock (_gate) _stopping.Cancel(); // from here on no service is added
        await _building;
        Run.Say("stopping");
        await Task.WhenAll(_boxes.Where(b => b.Plan.Part == "gateway").Select(b => b.StopAsync(drain: false)));
        await Task.WhenAll(_services.Select(s => s.CloseAsync()));
        await _view.Withdrawals.CloseAsync(Run.Options.WithdrawDeadline);
        await Task.WhenAll(_boxes.Where(b => b.Plan.Part != "gateway").Select(b => b.StopAsync(drain: false)));
    }

    /// <summary>Ends everything now. <see cref="StopAsync"/> then has nothing left to wait for.</summary>
    public void Kill()
    {
        _view.Withdrawals.GiveUp();
        foreach (Instance instance in Instances) instance.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        await _view.DisposeAsync();
        await Run.DisposeAsync();
        foreach (Instance box in _boxes) box.Dispose();
        foreach (ServiceGroup service in _services) service.Dispose();
        File.Delete(Run.State.Run);
        _stopping.Dispose();
        await _lock.DisposeAsync();
    }

    /// <summary>Starts what needs no build, then builds the others and starts each as it is done. All are built even when one fails: whoever
    /// mends the first fault wants to know of the second.</summary>
    private async Task BeginServicesAsync()
    {
        try
        {
            bool[] isCurrent = await Task.WhenAll(_services.Select(s => Task.Run(s.TryUseCurrentBuild)));
            foreach ((ServiceGroup service, bool current) in _services.Zip(isCurrent).OrderByDescending(pair => pair.Second))
                await BeginAsync(service);
        }
        catch (OperationCanceledException)
        {
            // Stopped while building.
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            AddFault(fault.Message);
        }
    }

    private async Task BeginAsync(ServiceGroup service)
    {
        try
        {
            await service.BeginAsync(_stopping.Token);
        }
        catch (BuildException fault)
        {
            // In this order: who sees the state also sees what is behind it.
            AddFault(string.Join("\n  ", fault.Errors.Prepend($"{service.Name} does not build:")));
            service.Fail(fault.Errors is [{ } first, ..] ? $"does not build: {first}" : "does not build");
        }
    }

    private void AddFault(string fault)
    {
        _faults = _faults.Add(fault);
        foreach (string line in fault.Split('\n')) Run.Say(line);
    }

    private async Task<string> DeployNewAsync(ServiceManifest wanted, CancellationToken cancellation)
    {
        // So far none is wanted; the deploy makes as many as the manifest says.
        ServiceGroup group = new(Run, _parts, _view, _ports, wanted with { Replicas = 0, Publishes = [], Subscribes = [] });
        lock (_gate)
        {
            if (_services.Any(s => s.Name == wanted.Name)) throw new ChangeException(409, $"another change of {wanted.Name} is going on; wait for its end");
            if (_stopping.IsCancellationRequested) throw new ChangeException(409, "the system is being stopped");
            _services = _services.Add(group);
        }

        group.Prepare();
        try
        {
            return await group.DeployAsync(wanted, cancellation);
        }
        catch (ChangeException) when (!_stopping.IsCancellationRequested)
        {
            lock (_gate) _services = _services.Remove(group);
            _manifest.Remove(wanted.Name);
            group.Dispose();
            throw;
        }
    }

    private void TakeAccounts(ServiceManifest wanted)
    {
        try
        {
            _accounts.Take(_manifest.Current, wanted);
        }
        catch (ConflictException missing)
        {
            throw new ChangeException(409, missing.Message);
        }
    }

    private void ThrowUnlessPortsAreFree()
    {
        string[] taken =
        [
            .. _manifest.Current.UsedPorts(Endpoints.Ports).Where(p => !FreePorts.IsFree(p.Port))
                .Select(p => $"port {p.Port} (ports.{p.Key}) is taken by {PortHolder.Describe(p.Port)}"),
        ];
        if (taken.Length > 0)
            throw new ConflictException(string.Join('\n', taken) + "\nSet another port in the manifest, or take free ones with '--isolated'.");
    }

    private ServiceGroup Service(string name) => _services.FirstOrDefault(s => s.Name == name)
        ?? throw (_boxes.Any(b => b.Plan.Part == name) ? new ChangeException(400, $"'{name}' is a box and runs once; this is for services")
            : NoSuchPart(name));

    private ChangeException NoSuchService(string name, SystemManifest read) => _boxes.Any(b => b.Plan.Part == name)
        ? new ChangeException(400, $"'{name}' is a box and has nothing to deploy; this is for services")
        : new ChangeException(404, $"the manifest has no service '{name}'{Suggestion.For(name, [.. read.Services.Select(s => s.Name)])}");

    private ChangeException NoSuchPart(string name) =>
        new(404, $"there is no part '{name}'{Suggestion.For(name, [.. _boxes.Select(b => b.Plan.Part), .. _services.Select(s => s.Name)])}");
}

/// <summary>Something that only one can have is taken: the state folder or a port.</summary>
internal sealed class ConflictException(string message) : Exception(message);
