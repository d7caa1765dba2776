using System.CommandLine;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Quintet.Hosting.Settings;
using Quintet.Supervision.Ports;
using Quintet.Terminal;

namespace Quintet.Commands.Boxes;

/// <summary>One box alone in the foreground: what the four box commands have in common. Ctrl-C ends it gracefully, a second one at once.</summary>
internal sealed class BoxCommand
{
    private readonly Command _command;
    private readonly string _section;
    private readonly List<Func<ParseResult, (string Key, string? Value)>> _values = [];
    private readonly Option<string?> _settings =
        new("--settings") { Description = "A JSON file with the box's section; read again when it changes.", HelpName = "file" };

    private BoxCommand(string name, string section, string description)
    {
        _command = new Command(name, description);
        _section = section;
        _command.Options.Add(_settings);
    }

    /// <param name="name">The command's name.</param>
    /// <param name="section">The section of its options.</param>
    /// <param name="port">What the port is for.</param>
    /// <param name="description">Help with examples.</param>
    public static BoxCommand Named(string name, string section, string port, string description) =>
        new BoxCommand(name, section, description)
            .With<int?>("--port", "Port", port, "port")
            .With<string>("--bind", "Bind", "Addresses to listen on: loopback, any, or addresses separated by commas. Default: loopback.", "addresses")
            .With<string>("--data", "DataFolder", name == "gateway"
                ? "Folder for the last good route table, for a start without a registry. Default: none is kept."
                : $"Folder of the box's data. Default: data/{name} here.", "folder");

    /// <summary>Adds an option that stands for one setting and wins over file and environment.</summary>
    /// <param name="option">The option.</param>
    /// <param name="key">The setting's key below the box's section.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="value">What help calls its value.</param>
    public BoxCommand With<T>(string option, string key, string description, string value)
    {
        Option<T?> added = new(option) { Description = $"{description} Setting {_section}:{key}.", HelpName = value };
        _command.Options.Add(added);
        _values.Add(line => ($"{_section}:{key}", line.GetValue(added) is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value}") : null));
        return this;
    }

    public Command Runs(Func<BoxSettings, WebApplication> build, Interruption interruption)
    {
        _command.SetAction((line, _) =>
        {
            Dictionary<string, string?> values = _values.Select(value => value(line))
                .Where(v => v.Value is not null).ToDictionary(v => v.Key, v => v.Value);
            return RunAsync(() => build(new BoxSettings(line.GetValue(_settings), values)), interruption);
        });
        return _command;
    }

    private async Task<int> RunAsync(Func<WebApplication> build, Interruption interruption)
    {
        try
        {
            await using WebApplication app = build();
            await app.StartAsync(interruption.First);
            // SIGTERM and Ctrl-C reach the host's own lifetime as well; waiting for it here keeps the drain whole.
            await app.WaitForShutdownAsync(interruption.First);
            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (interruption.First.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (OptionsValidationException fault)
        {
            foreach (string line in fault.Failures) await System.Console.Error.WriteLineAsync($"quintet {_command.Name}: {line}");
            return ExitCode.Usage;
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            await System.Console.Error.WriteLineAsync($"quintet {_command.Name}: {fault.Message} {HolderOf(fault.Message)}Set {_section}:Port (--port).");
            return ExitCode.Conflict;
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException or InvalidOperationException or InvalidDataException)
        {
            await System.Console.Error.WriteLineAsync($"quintet {_command.Name}: {fault.Message}");
            return ExitCode.Failed;
        }
    }

    /// <summary>Kestrel says <c>Failed to bind to address http://127.0.0.1:8500: address already in use.</c></summary>
    private static string HolderOf(string message)
    {
        foreach (string word in message.Split(' '))
            if (Uri.TryCreate(word.TrimEnd(':', '.'), UriKind.Absolute, out Uri? url) && url.Port > 0)
                return $"It is held by {PortHolder.Describe(url.Port)}. ";
        return "";
    }
}
