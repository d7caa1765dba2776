using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Quintet.Registry.Http;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.KeyValue;

/// <summary><c>/v1/txn</c>: operations on keys that happen all or not at all, under one index.</summary>
internal sealed class TransactionRoutes(CommitLoop commits, LockDelays lockDelays, IOptions<RegistryOptions> options)
{
    private const int OperationsMax = 64; // Consul's

    public void Map(RouteTable routes) => routes.Put("/v1/txn", RunAsync);

    private async Task RunAsync(Call call)
    {
        // Values come in base64 within JSON, so that the body may be so much larger than what it holds.
        int max = options.Value.Limits.KeyValueBytesMax * 2;
        ReadOnlyMemory<byte> body = await call.ReadBodyAsync(max);
        JsonElement value = JsonFields.ParseValue(body, "Failed to parse body: ");
        if (value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
            throw RefusalException.BadRequest("Failed to parse body: an array of operations is expected");
        JsonElement[] elements = value.ValueKind == JsonValueKind.Null ? [] : [.. value.EnumerateArray()];
        if (elements.Length > OperationsMax)
            throw new RefusalException(413, string.Create(
                CultureInfo.InvariantCulture, $"Transaction contains too many operations ({elements.Length} > {OperationsMax})"));
        KeyOperation[] operations =
        [
            .. elements.Select(element => new JsonFields(element)).Where(fields => fields.Has("KV")).Select(fields => KeyOperation.Parse(fields.Object("KV"))),
        ];
        foreach (KeyOperation operation in operations)
        {
            if (operation.Value.Length > options.Value.Limits.KeyValueBytesMax)
                throw new RefusalException(
                    413,
                    $"Value for key \"{operation.Key}\" is too large ({operation.Value.Length} > {options.Value.Limits.KeyValueBytesMax} bytes)");
            if (operation.IsWrite) Call.Demand(call.Grant.MayWriteKey(operation.Key));
        }

        bool onlyReads = operations.All(operation => !operation.IsWrite);
        try
        {
            List<(KeyRow Row, bool HidesValue)> results = await commits.WriteAsync(draft => Run(draft, operations), 1024 + body.Length);
            await AnswerAsync(call, 200, onlyReads, json => WriteResults(json, results));
        }
        catch (TransactionFailedException failure)
        {
            await AnswerAsync(call, 409, onlyReads, json => WriteErrors(json, failure));
        }
    }

    private List<(KeyRow Row, bool HidesValue)> Run(Draft draft, KeyOperation[] operations)
    {
        List<(KeyRow, bool)> results = [];
        for (int i = 0; i < operations.Length; i++)
        {
            if (operations[i].IsWrite) KeyWrites.DemandRoom(draft, options.Value.Limits, operations[i].Key, operations[i].Value.Length);
            try
            {
                results.AddRange(operations[i].Run(draft, lockDelays));
            }
            catch (RefusalException refusal)
            {
                // Thrown on through the writer, which drops the draft with all that was done before.
                throw new TransactionFailedException(i, refusal.Message);
            }
        }

        return results;
    }

    private static Task AnswerAsync(Call call, int status, bool onlyReads, Action<Utf8JsonWriter> writeBoth)
    {
        if (onlyReads)
        {
            call.ResponseHeaders["X-Consul-Knownleader"] = "true";
            call.ResponseHeaders["X-Consul-Lastcontact"] = "0";
        }

        return call.Json(
            json =>
            {
                json.WriteStartObject();
                writeBoth(json);
                if (onlyReads)
                {
                    json.WriteNumber("Index", 0);
                    json.WriteNumber("LastContact", 0);
                    json.WriteBoolean("KnownLeader", true);
                    json.WriteString("ConsistencyLevel", "");
                }

                json.WriteEndObject();
            },
            status);
    }

    private static void WriteResults(Utf8JsonWriter json, List<(KeyRow Row, bool HidesValue)> results)
    {
        json.WriteStartArray("Results");
        foreach ((KeyRow row, bool hidesValue) in results)
        {
            json.WriteStartObject();
            json.WritePropertyName("KV");
            KeyJson.Write(json, hidesValue ? row with { Value = [] } : row);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNull("Errors");
    }

    private static void WriteErrors(Utf8JsonWriter json, TransactionFailedException failure)
    {
        json.WriteNull("Results");
        json.WriteStartArray("Errors");
        json.WriteStartObject();
        json.WriteNumber("OpIndex", failure.Operation);
        json.WriteString("What", failure.Message);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private sealed class TransactionFailedException(int operation, string what) : Exception(what)
    {
        public int Operation => operation;
    }
}
