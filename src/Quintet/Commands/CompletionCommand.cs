using System.CommandLine;
using Quintet.Terminal;

namespace Quintet.Commands;

/// <summary><c>quintet completion bash</c>: a script that lets the shell ask the command itself for what could come next.</summary>
internal static class CompletionCommand
{
    private const string Bash =
        """
        _quintet() {
          local line="${COMP_LINE:0:COMP_POINT}" words
          words="$("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)"
          COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _quintet quintet ./quintet
        """;

    private const string Zsh =
        """
        #compdef quintet
        _quintet() { local -a words_; words_=(${(f)"$(quintet "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)"}); compadd -a words_; }
        compdef _quintet quintet
        """;

    private const string Fish =
        """
        complete -c quintet -f -a '(set -l line (commandline -cp); quintet "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)'
        """;

    public static Command Create()
    {
        Command command = new("completion",
            """
            Print a script for completion in your shell.

            Examples:
              eval "$(quintet completion bash)"
              quintet completion fish > ~/.config/fish/completions/quintet.fish
            """);
        Argument<string> shell = new("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        command.Arguments.Add(shell);
        command.SetAction(line =>
        {
            System.Console.WriteLine(line.GetRequiredValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return ExitCode.Done;
        });
        return command;
    }
}
