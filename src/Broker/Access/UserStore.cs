// Users in the definitions log: key "user/" and the name; value a field table with the members below.

using Quintet.Broker.Amqp;
using Quintet.Broker.Storage;

namespace Quintet.Broker.Access;

/// <summary>The users that the broker keeps itself, one record each, so that a change is on disk whole or not at all. Passwords only as hashes.</summary>
internal sealed class UserStore(DefinitionsLog log)
{
    private const string Prefix = "user/";

    /// <summary>All users on disk.</summary>
    /// <exception cref="InvalidDataException">One of them cannot be read.</exception>
    public List<UserSettings> Read()
    {
        List<UserSettings> users = [];
        foreach ((string key, byte[] value) in log.Snapshot())
        {
            if (!key.StartsWith(Prefix, StringComparison.Ordinal)) continue;
            if (value.Length < 4 || !FieldTableReader.TryRead(value.AsSpan(4), out FieldTable? table))
                throw new InvalidDataException($"the definition '{key}' cannot be read");
            users.Add(Of(table));
        }

        return users;
    }

    /// <summary>On disk when the task completes.</summary>
    public Task PutAsync(UserSettings user) => log.PutAsync(Prefix + user.Name, FieldTableWriter.Encode(new FieldTable
    {
        { "name", FieldValue.Of(user.Name) },
        { "default", FieldValue.Of(user.Origin == UserOrigin.Default) },
        { "password_hash", FieldValue.Of(user.Password?.Text ?? "") },
        { "hashing_algorithm", FieldValue.Of(user.Password?.Algorithm ?? PasswordHash.Sha256) },
        { "tags", FieldValue.Of([.. user.Tags.Select(FieldValue.Of)]) },
        { "max-connections", FieldValue.Of(user.Limits.Connections ?? -1) },
        { "max-channels", FieldValue.Of(user.Limits.Channels ?? -1) },
        { "permissions", FieldValue.Of([.. user.Permissions.Select(of => Texts(of.Vhost, of.Configure, of.Write, of.Read))]) },
        { "topic_permissions", FieldValue.Of([.. user.TopicPermissions.Select(of => Texts(of.Vhost, of.Exchange, of.Write, of.Read))]) },
    }));

    /// <summary>Off the disk when the task completes.</summary>
    public Task RemoveAsync(string name) => log.RemoveAsync(Prefix + name);

    private static UserSettings Of(FieldTable table) => new()
    {
        Name = table.Text("name")!,
        Origin = table.Flag("default") ? UserOrigin.Default : UserOrigin.Stored,
        Password = PasswordHash.Read(table.Text("password_hash")!, table.Text("hashing_algorithm")),
        Tags = [.. List(table, "tags").Select(tag => tag.Text!)],
        Limits = new UserLimits(Limit(table, "max-connections"), Limit(table, "max-channels")),
        Permissions = [.. List(table, "permissions").Select(TextsOf).Select(of => new Permission(of[0], of[1], of[2], of[3]))],
        TopicPermissions = [.. List(table, "topic_permissions").Select(TextsOf).Select(of => new TopicPermission(of[0], of[1], of[2], of[3]))],
    };

    private static long? Limit(FieldTable table, string name) => table.Integer(name) is >= 0 and var limit ? limit : null;

    private static List<FieldValue> List(FieldTable table, string name) => table.TryGet(name, out FieldValue list) ? (List<FieldValue>)list.Object! : [];

    private static FieldValue Texts(params ReadOnlySpan<string> texts)
    {
        List<FieldValue> values = [];
        foreach (string text in texts) values.Add(FieldValue.Of(text));
        return FieldValue.Of(values);
    }

    private static string[] TextsOf(FieldValue list) => [.. ((List<FieldValue>)list.Object!).Select(text => text.Text!)];
}
