// Global parameters in the definitions log: key "global/" and the name; value a field table with the name and the value's JSON.

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Quintet.Broker.Amqp;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Parameters;

/// <summary>
/// RabbitMQ's global parameters: JSON values that operators and tools keep in the broker under names of their choice. The broker itself reads one
/// of them, the name of the cluster. A change counts once it is on disk; changes come one after the other.
/// </summary>
internal sealed class GlobalParameters : IDisposable
{
    public const string ClusterNameParameter = "cluster_name";

    private const string Prefix = "global/";

    private readonly DefinitionsLog _log;
    private readonly ConcurrentDictionary<string, JsonNode?> _byName = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changes = new(1, 1);

    /// <exception cref="InvalidDataException">One on disk cannot be read.</exception>
    public GlobalParameters(DefinitionsLog log)
    {
        _log = log;
        foreach ((string key, byte[] value) in log.Snapshot())
        {
            if (!key.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            if (value.Length < 4 || !FieldTableReader.TryRead(value.AsSpan(4), out FieldTable? table))
                throw new InvalidDataException($"the definition '{key}' cannot be read");
            _byName[table.Text("name")!] = JsonNode.Parse(table.Text("value")!);
        }
    }

    /// <summary>By name, in the order of the names. The values are not to be changed.</summary>
    public IEnumerable<KeyValuePair<string, JsonNode?>> All => _byName.OrderBy(parameter => parameter.Key, StringComparer.Ordinal);

    /// <summary>What the cluster is called: the node's name until somebody says otherwise.</summary>
    public string ClusterName => TryGet(ClusterNameParameter, out JsonNode? name) && name is JsonValue text && text.TryGetValue(out string? named)
        ? named
        : NodeName.Own;

    public bool TryGet(string name, out JsonNode? value) => _byName.TryGetValue(name, out value);

    /// <summary>Stores a value; what it was before tells whether it is new.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Any JSON; it is the broker's from now on.</param>
    /// <param name="most">So many may there be.</param>
    /// <returns>Whether it is new; null, and nothing is stored, when there are that many already.</returns>
    public async Task<bool?> PutAsync(string name, JsonNode? value, int most)
    {
        await _changes.WaitAsync();
        try
        {
            bool isNew = !_byName.ContainsKey(name);
            if (isNew && _byName.Count >= most) return null;
            await _log.PutAsync(Prefix + name, FieldTableWriter.Encode(new FieldTable
            {
                { "name", FieldValue.Of(name) },
                { "value", FieldValue.Of(value?.ToJsonString() ?? "null") },
            }));
            _byName[name] = value;
            return isNew;
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Forgets a value; false when there is none of that name.</summary>
    public async Task<bool> RemoveAsync(string name)
    {
        await _changes.WaitAsync();
        try
        {
            if (!_byName.ContainsKey(name)) return false;
            await _log.RemoveAsync(Prefix + name);
            return _byName.TryRemove(name, out _);
        }
        finally
        {
            _changes.Release();
        }
    }

    public void Dispose() => _changes.Dispose();
}
