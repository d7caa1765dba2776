using System.CommandLine;
using Quintet.Client.Broker;
using Quintet.Terminal;

namespace Quintet.Commands.Brokers;

/// <summary><c>quintet broker connections | users | permissions | vhosts</c>, each a list, with what changes it below.</summary>
internal static class AccessCommands
{
    public static Command Connections()
    {
        Command command = Listed("connections", "List the open connections.", async (client, cancellation) =>
        {
            Rows rows = new("connection", "user", "vhost", "state", "channels", "client");
            foreach (ConnectionInfo c in await client.ConnectionsAsync(cancellation))
                rows.Add(c.Name, c.User, c.Vhost, c.State, c.Channels, c.UserProvidedName);
            return rows;
        });
        Argument<string> name = new("connection") { Description = "Its name, as the list shows it: 127.0.0.1:41234 -> 127.0.0.1:5672." };
        command.Subcommands.Add(Change("close", "Close a connection; its client is told 320, connection forced.", [name],
            (client, line, cancellation) => client.CloseConnectionAsync(line.GetRequiredValue(name), cancellation)));
        return command;
    }

    public static Command Users()
    {
        Command command = Listed("users", "List the users.", async (client, cancellation) =>
        {
            Rows rows = new("user", "tags");
            foreach (UserInfo u in await client.UsersAsync(cancellation)) rows.Add(u.Name, Tags(u));
            return rows;
        });
        Argument<string> added = new("user") { Description = "Its name." }, removed = new("user") { Description = "Its name." };
        Option<string> tags = new("--tags")
        {
            Description = "administrator, monitoring, policymaker, management; separated by commas. Default: none.",
            DefaultValueFactory = _ => "",
        };
        Command set = Change("set",
            """
            Add a user, or change its password and tags. The password is read from standard input, where no process list shows it.

            Example:
              pass show broker/ann | quintet broker users set ann --tags monitoring
            """, [added], async (client, line, cancellation) =>
            {
                string? password = await System.Console.In.ReadLineAsync(cancellation);
                if (string.IsNullOrEmpty(password)) throw new CommandException(ExitCode.Usage, "there is no password on standard input");
                await client.PutUserAsync(line.GetRequiredValue(added), password, line.GetValue(tags) ?? "", cancellation);
            });
        set.Aliases.Add("add");
        set.Options.Add(tags);
        command.Subcommands.Add(set);
        command.Subcommands.Add(Change("remove", "Remove a user.", [removed],
            (client, line, cancellation) => client.DeleteUserAsync(line.GetRequiredValue(removed), cancellation)));
        return command;
    }

    public static Command Permissions()
    {
        Command command = Listed("permissions", "List what each user may do in each virtual host.", async (client, cancellation) =>
        {
            Rows rows = new("user", "vhost", "configure", "write", "read");
            foreach (PermissionInfo p in await client.PermissionsAsync(cancellation)) rows.Add(p.User, p.Vhost, p.Configure, p.Write, p.Read);
            return rows;
        });
        Argument<string> set = new("user") { Description = "The user." }, removed = new("user") { Description = "The user." };
        Argument<string> configure = new("configure") { Description = "A regular expression over the names it may declare; '' for none." };
        Argument<string> write = new("write") { Description = "… publish to." }, read = new("read") { Description = "… consume from." };
        Option<string> vhost = Vhost(), other = Vhost();
        Command change = Change("set", "Set what a user may do in a virtual host.", [set, configure, write, read], (client, line, cancellation) =>
            client.PutPermissionAsync(new PermissionInfo(line.GetRequiredValue(set), line.GetRequiredValue(vhost), line.GetRequiredValue(configure),
                line.GetRequiredValue(write), line.GetRequiredValue(read)), cancellation));
        change.Options.Add(vhost);
        Command remove = Change("remove", "Take a user's rights in a virtual host away.", [removed], (client, line, cancellation) =>
            client.DeletePermissionAsync(line.GetRequiredValue(other), line.GetRequiredValue(removed), cancellation));
        remove.Options.Add(other);
        command.Subcommands.Add(change);
        command.Subcommands.Add(remove);
        return command;
    }

    public static Command Vhosts()
    {
        Command command = Listed("vhosts", "List the virtual hosts.", async (client, cancellation) =>
        {
            Rows rows = new("vhost", "messages", "description");
            foreach (VhostInfo v in await client.VhostsAsync(cancellation)) rows.Add(v.Name, v.Messages, v.Description);
            return rows;
        });
        Argument<string> added = new("vhost") { Description = "Its name." }, removed = new("vhost") { Description = "Its name." };
        Option<bool> yes = new("--yes", "-y") { Description = "Do not ask." };
        command.Subcommands.Add(Change("add", "Add a virtual host.", [added],
            (client, line, cancellation) => client.PutVhostAsync(line.GetRequiredValue(added), cancellation)));
        Command remove = Change("remove", "Remove a virtual host with everything in it, for good.", [removed], (client, line, cancellation) =>
            line.GetValue(yes) || QueueCommands.Agrees($"Remove '{line.GetRequiredValue(removed)}' with its queues and messages for good?")
                ? client.DeleteVhostAsync(line.GetRequiredValue(removed), cancellation)
                : throw new CommandException(ExitCode.Refused, "nothing was removed; --yes removes without asking"));
        remove.Options.Add(yes);
        command.Subcommands.Add(remove);
        return command;
    }

    public static Option<string> Vhost() =>
        new("--vhost") { Description = "The virtual host.", HelpName = "name", DefaultValueFactory = _ => "/" };

    public static Command Listed(string name, string description, Func<ManagementClient, CancellationToken, Task<Rows>> list)
    {
        Command command = new(name, description);
        BrokerTarget target = BrokerTarget.AddTo(command);
        command.SetAction(async (line, cancellation) =>
        {
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            (await list(client, cancellation)).Print(target.IsJson(line));
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Change(
        string name, string description, Argument[] arguments, Func<ManagementClient, ParseResult, CancellationToken, Task> change)
    {
        Command command = new(name, description);
        foreach (Argument argument in arguments) command.Arguments.Add(argument);
        BrokerTarget target = BrokerTarget.AddTo(command);
        command.SetAction(async (line, cancellation) =>
        {
            using ManagementClient client = await target.ManagementAsync(line, cancellation);
            await change(client, line, cancellation);
            return ExitCode.Done;
        });
        return command;
    }

    private static string Tags(UserInfo user) =>
        user.Tags.ValueKind == System.Text.Json.JsonValueKind.Array ? string.Join(',', user.Tags.EnumerateArray()) : user.Tags.ToString();
}
