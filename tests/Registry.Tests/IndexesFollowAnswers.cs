using System.Text;
using System.Text.Json;
using Quintet.Registry.Catalog;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Tests;

public sealed class IndexesFollowAnswers
{
    private static readonly string[] Names = ["web", "Web", "api", "db"];
    private static readonly string[] Tags = ["v1", "v2", "blue"];
    private static readonly string[] Keys = ["a", "a/b", "a/b/c", "ab", "b", "\ud83d\ude00", "\uffee"];

    [Fact]
    public void An_index_moves_if_and_only_if_the_answer_does()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        RegistryState state = Start();
        Dictionary<Scope, (ulong Index, string Answer)> last = Answers(state);

        for (int step = 0; step < 4000; step++)
        {
            Draft draft = new(state);
            string done = Change(draft, random);
            state = draft.Finish();
            Dictionary<Scope, (ulong Index, string Answer)> now = Answers(state);
            foreach ((Scope scope, (ulong index, string answer)) in now)
            {
                bool hasMoved = index != last[scope].Index;
                Assert.True(index >= last[scope].Index, $"seed {seed}, step {step}, {done}: the index of {scope} went back");
                Assert.True(
                    hasMoved == (answer != last[scope].Answer),
                    $"seed {seed}, step {step}, {done}: {scope} index {last[scope].Index} -> {index}, answer {last[scope].Answer} -> {answer}");
                Assert.True(!hasMoved || IsWoken(draft, scope), $"seed {seed}, step {step}, {done}: {scope} moved and nobody was woken");
            }

            last = now;
        }
    }

    [Fact]
    public void A_state_rebuilt_from_its_snapshot_gives_the_same_answers_and_indexes()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        RegistryState state = Start();
        for (int step = 0; step < 500; step++)
        {
            Draft draft = new(state);
            Change(draft, random);
            state = draft.Finish();
            if (step % 10 != 0) continue;

            RegistryState rebuilt = RegistryState.Empty.Apply(new Mutation(state.Index, [.. state.AsChanges()]));
            Assert.Equal(state.Index, rebuilt.Index);
            Assert.Equal(Answers(state), Answers(rebuilt));
        }
    }

    private static RegistryState Start()
    {
        Draft draft = new(RegistryState.Empty);
        draft.PutNode(new NodeRow { Name = "n1", Address = "127.0.0.1" });
        draft.PutNode(new NodeRow { Name = "n2", Address = "127.0.0.2" });
        draft.SetLocalNode("n1");
        return draft.Finish();
    }

    private static string Change(Draft draft, Random random)
    {
        string node = random.Next(2) == 0 ? "n1" : "n2";
        string id = $"i{random.Next(4)}";
        switch (random.Next(9))
        {
            case 0:
                draft.PutNode(new NodeRow { Name = "n2", Address = $"127.0.0.{random.Next(2, 5)}" });
                return "node";
            case 1 or 2:
                draft.PutService(new ServiceRow
                {
                    Node = node,
                    Id = id,
                    Name = Pick(Names, random),
                    Tags = [.. Tags.Where(_ => random.Next(3) == 0)],
                    Port = random.Next(2),
                });
                return $"service {node}/{id}";
            case 3:
                draft.RemoveService(node, id);
                return $"-service {node}/{id}";
            case 4 or 5:
                string owner = draft.State.Nodes[node].Instances.ContainsKey(id) ? id : "";
                draft.PutCheck(new CheckRow
                {
                    Node = node,
                    Id = $"c{random.Next(4)}",
                    Name = "c",
                    ServiceId = owner,
                    Status = Pick([CheckStatus.Passing, CheckStatus.Critical], random),
                });
                return $"check {node}/{owner}";
            case 6:
                draft.RemoveCheck(node, $"c{random.Next(4)}");
                return $"-check {node}";
            case 7:
                draft.PutKey(new KeyRow { Key = Pick(Keys, random), Value = [(byte)random.Next(3)] });
                return "key";
            default:
                draft.RemoveKey(Pick(Keys, random));
                return "-key";
        }
    }

    private static string Pick(string[] from, Random random) => from[random.Next(from.Length)];

    private static bool IsWoken(Draft draft, Scope scope) => scope.Kind == ScopeKind.KeyPrefix
        ? draft.Touched.Any(touched => touched.Kind == ScopeKind.Key && touched.Name.StartsWith(scope.Name, StringComparison.Ordinal))
        : draft.Touched.Contains(scope);

    private static Dictionary<Scope, (ulong Index, string Answer)> Answers(RegistryState state)
    {
        Dictionary<Scope, (ulong, string)> answers = [];
        void Add(Scope scope, Action<Utf8JsonWriter> write) => answers[scope] = (state.IndexOf(scope), Text(write));

        foreach (string name in (string[])["web", "api", "db"])
            Add(Scope.Service(name), json =>
            {
                foreach ((NodeEntry node, InstanceEntry instance) in state.InstancesOf(name)) CatalogJson.WriteInstance(json, node, instance, "dc1");
            });
        Add(Scope.Services, json =>
        {
            json.WriteStartObject();
            foreach (NameEntry name in state.Names.Values.Where(name => name.Instances.Count > 0))
                CatalogJson.WriteList(json, name.Name.ToLowerInvariant(), [.. name.Tags.Keys]);
            json.WriteEndObject();
        });
        Add(Scope.Nodes, json =>
        {
            foreach (NodeEntry node in state.Nodes.Values) CatalogJson.WriteNode(json, node.Row, "dc1");
        });
        Add(Scope.Checks, json =>
        {
            foreach (NodeEntry node in state.Nodes.Values)
                foreach (CheckRow check in node.AllChecks())
                    CatalogJson.WriteCheck(json, check, check.ServiceId.Length == 0 ? null : node.Instances[check.ServiceId].Row);
        });
        foreach (string key in Keys) answers[Scope.Key(key)] = (state.IndexOf(Scope.Key(key)), Row(state.Keys.Find(key)));
        foreach (string prefix in (string[])["", "a", "a/", "z", "\ud83d\ude00"])
            answers[Scope.KeyPrefix(prefix)] = (state.IndexOf(Scope.KeyPrefix(prefix)), string.Join(';', state.Keys.Under(prefix).Select(Row)));
        return answers;
    }

    private static string Row(KeyRow? row) => row is null ? "" : $"{row.Key}={row.Value[0]}@{row.ModifyIndex}";

    private static string Text(Action<Utf8JsonWriter> write)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartArray();
            write(json);
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }
}
