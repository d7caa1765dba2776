using System.CommandLine;
using Quintet.Registry;
using Quintet.Terminal;

namespace Quintet.Commands.Boxes;

/// <summary><c>quintet registry</c>.</summary>
internal static class RegistryCommand
{
    public static Command Create(Interruption interruption) => BoxCommand.Named("registry", "Registry", "Port of Consul's HTTP API, 8500.",
        """
        Run the registry alone: who runs where, and is it healthy. It speaks Consul's HTTP API.

        Examples:
          quintet registry
          quintet registry --port 8600 --data /var/lib/registry
          curl localhost:8500/v1/catalog/services
        """)
        .With<string>("--datacenter", "Datacenter", "Name of the data centre. Default: dc1.", "name")
        .With<string>("--node", "NodeName", "Name of the node that services belong to. Default: the host's.", "name")
        .With<string>("--anonymous", "Anonymous", "What a caller without a token may do: Write, Read or Deny. Default: Write.", "access")
        .Runs(RegistryBox.Build, interruption);
}
