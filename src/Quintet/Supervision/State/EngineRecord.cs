using System.Text.Json;
using Quintet.Manifest;

namespace Quintet.Supervision.State;

/// <summary>What <c>quintet engines apply</c> set up at one engine.</summary>
/// <param name="Url">The engine, without credentials.</param>
/// <param name="Version">What it said of itself.</param>
/// <param name="System">The system whose name the accounts begin with.</param>
/// <param name="Applied">When.</param>
internal sealed record AppliedEngine(string Url, string Version, string System, DateTimeOffset Applied)
{
    /// <summary>False for a Consul without access control: everybody may do everything, and there is nothing to give.</summary>
    public bool HasAccounts { get; init; } = true;

    public IReadOnlyList<AppliedService> Services { get; init; } = [];

    /// <summary>The bounds of the stream of all events; null when it was not asked for.</summary>
    public HistoryManifest? History { get; init; }
}

/// <summary>A service that has an account.</summary>
/// <param name="Name">The service.</param>
/// <param name="Publishes">The events its account may publish.</param>
/// <param name="Subscribes">The events its account may bind queues to.</param>
internal sealed record AppliedService(string Name, IReadOnlyList<string> Publishes, IReadOnlyList<string> Subscribes)
{
    public static AppliedService Of(ServiceManifest service) => new(service.Name, service.Publishes, service.Subscribes);
}

/// <summary><c>engines.json</c>: which engines were set up for the system, without any credential.</summary>
internal sealed record EngineRecord
{
    public AppliedEngine? Broker { get; init; }

    public AppliedEngine? Registry { get; init; }

    public AppliedEngine? Database { get; init; }

    /// <exception cref="IOException">The file is there but is no such record.</exception>
    public static EngineRecord Read(StateFolder state)
    {
        try
        {
            return StateFolder.ReadJson(state.Engines, StateJson.Default.EngineRecord) ?? new EngineRecord();
        }
        catch (JsonException fault)
        {
            throw new IOException($"'{state.Engines}' cannot be read: {fault.Message}. Remove it and run 'quintet engines apply'.", fault);
        }
    }

    public void Write(StateFolder state) => StateFolder.WritePrivate(state.Engines, JsonSerializer.SerializeToUtf8Bytes(this, StateJson.Default.EngineRecord));
}
