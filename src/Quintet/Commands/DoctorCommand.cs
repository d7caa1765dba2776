using System.CommandLine;
using Quintet.Doctor;
using Quintet.Manifest;
using Quintet.Supervision.Plan;
using Quintet.Supervision.State;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary><c>quintet doctor</c>: what keeps, or will keep, a system from working here, and what to do about it.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Command command = new("doctor",
            """
            Look at the machine, the state folder, the ports and your own engines, and say what is wrong and what to do. Nothing is changed.
            It needs neither a running system nor, for the machine alone, a manifest. Exit code 1 when there is a fault.

            Examples:
              quintet doctor
              quintet doctor --output json | jq '.[] | select(.result != "ok")'
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        command.SetAction(async (line, cancellation) =>
        {
            bool isJson = system.IsJson(line);
            Findings findings = new((result, check, finding) =>
            {
                if (!isJson) System.Console.WriteLine($"{result,-8} {check,-14} {finding}");
            });
            try
            {
                await LookAsync(findings, system, line, cancellation);
            }
            finally
            {
                if (isJson) findings.Rows.Print(asJson: true);
            }

            return findings.HasFaults ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    private static async Task LookAsync(Findings findings, SystemOptions system, ParseResult line, CancellationToken cancellation)
    {
        string? file = system.FindManifest(line);
        string folder = Path.GetDirectoryName(file) is { } beside && Directory.Exists(beside) ? beside : Directory.GetCurrentDirectory();
        StateFolder state = file is null ? new StateFolder(Path.Combine(folder, ".quintet")) : system.State(line);
        await new MachineCheck(findings, new MachineNeeds(), TimeProvider.System).LookAsync(folder, state, cancellation);
        if (file is null || Read(findings, file) is not { } manifest) return;
        await new SystemCheck(findings, manifest, state).LookAsync(run => SystemOptions.Connect(state, run), cancellation);
        await EnginesAsync(findings, manifest, state, cancellation);
    }

    private static SystemManifest? Read(Findings findings, string file)
    {
        try
        {
            return ManifestReader.Read(file);
        }
        catch (ManifestException faulty)
        {
            foreach (string fault in faulty.Faults) findings.Fault("manifest", fault, "correct it");
        }
        catch (FileNotFoundException missing)
        {
            findings.Fault("manifest", missing.Message, "or write one: docs/command.md has its keys");
        }

        return null;
    }

    private static async Task EnginesAsync(Findings findings, SystemManifest manifest, StateFolder state, CancellationToken cancellation)
    {
        try
        {
            EngineAccounts accounts = new(state);
            Secrets secrets = Secrets.Open(state.Secrets);
            Credentials credentials = new(manifest, Endpoints.Of(manifest, null), secrets, accounts);
            foreach (string fault in accounts.Faults(manifest)) findings.Fault("engines", fault, "'up' and 'deploy' are refused until then");
            foreach (string warning in accounts.Warnings(manifest.Engines)) findings.Warn("engines", warning, "run it");
            if (manifest.Engines.Broker is not null)
                await new BrokerCheck(findings, manifest, credentials, accounts, secrets).LookAsync(cancellation);
            if (manifest.Engines.Registry is not null)
                await new RegistryCheck(findings, manifest, credentials, accounts, secrets).LookAsync(cancellation);
            if (manifest.Engines.Database is not null) await new DatabaseCheck(findings, manifest, accounts, secrets).LookAsync(cancellation);
            if (manifest.Engines.Configuration is not null) await new ConfigurationCheck(findings, manifest, credentials).LookAsync(cancellation);
        }
        catch (Exception fault) when (fault is IOException or CommandException)
        {
            // A file of the state that cannot be read, or an engine that 'engines apply' would refuse, too.
            findings.Fault("engines", fault.Message, "correct it first; what comes after it was not looked at");
        }
    }
}
