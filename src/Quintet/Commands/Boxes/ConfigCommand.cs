using System.CommandLine;
using Quintet.ConfigServer;
using Quintet.Terminal;

namespace Quintet.Commands.Boxes;

/// <summary><c>quintet config</c>.</summary>
internal static class ConfigCommand
{
    public static Command Create(Interruption interruption) => BoxCommand.Named("config", "ConfigServer", "Port of Spring Cloud Config's HTTP API, 8888.",
        """
        Run the configuration server alone: versioned configuration from a Git repository, in Spring Cloud Config's forms.

        Examples:
          quintet config
          quintet config --repository /srv/config.git --label main
          curl localhost:8888/users/default
        """)
        .With<string>("--repository", "Repository", "The Git repository to serve; default: one below the data folder.", "path or URL")
        .With<string>("--seed", "SeedFolder", "Folder whose files become the first commit of a new repository.", "folder")
        .With<string>("--label", "DefaultLabel", "Branch, tag or commit for requests that name none.", "label")
        .Runs(ConfigServerBox.Build, interruption);
}
