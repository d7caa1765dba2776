using Quintet.Terminal;
using Spectre.Console;
using Xunit;

namespace Quintet.Quintet.Tests.Terminal;

public sealed class TopScreenTests
{
    private static readonly PartLoad[] Loads =
    [
        new("gateway", "ready", 1, 1, 120.5, 0.125, 0.0025, 0.125, 0.125, 1024.5), new("notifications", "restarting", 12, 10, null, null, null, null, null, 90),
    ];

    [Theory]
    [InlineData(120, "MEMORY MB")]
    [InlineData(80, "CPU")]
    [InlineData(60, "P50")]
    [InlineData(10, "STATE")]
    public void A_part_is_one_line_and_what_has_no_room_is_left_out(int width, string last)
    {
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = Math.Max(width, 30);

        console.Write(TopScreen.Drawn(Loads, "end", width));

        string[] lines = [.. text.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
        Assert.Equal(Loads.Length + 2, lines.Length);
        Assert.EndsWith(last, lines[0], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.True(line.Length <= Math.Max(width, 30)));
        Assert.StartsWith("notifications restarting", lines[2], StringComparison.Ordinal);
    }
}
