using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Quintet.Client.Telemetry;
using Quintet.Terminal;

namespace Quintet.Commands.Watching;

/// <summary><c>quintet story</c>: what came of a request, an event or a mail, from the console.</summary>
internal static class StoryCommand
{
    public static Command Create()
    {
        Command command = new("story",
            """
            Tell what came of a request, an event or a mail, stop by stop.

            Examples:
              quintet story ann@example.org
              quintet story users/184
              quintet story 4bf92f3577b34da6a3ce929d0e0e4736 --output json | jq -r '.[].state'
            """);
        SystemOptions system = SystemOptions.AddTo(command);
        Argument<string> key = new("key") { Description = "An e-mail address, a subject such as users/184, the id of an event or message, or a trace id." };
        command.Arguments.Add(key);
        command.SetAction(async (line, cancellation) =>
        {
            using ConsoleApiClient console = await system.ConsoleAsync(line, cancellation);
            IReadOnlyList<StoryInfo> stories = await console.StoriesAsync(line.GetValue(key)!, cancellation);
            if (system.IsJson(line)) System.Console.WriteLine(JsonSerializer.Serialize(stories, CommandJson.Default.IReadOnlyListStoryInfo));
            else
                foreach (StoryInfo story in stories) Print(story);
            return stories.Count > 0 || system.IsJson(line)
                ? ExitCode.Done
                : throw new CommandException(ExitCode.NotFound, $"no story is known of '{line.GetValue(key)}'; stories are kept for some days");
        });
        return command;
    }

    private static void Print(StoryInfo story)
    {
        string state = story.State switch { "Done" => "done", "Underway" => "under way", _ => "broken" };
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{story.Title}  {state}, {story.Began.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff} UTC"));
        if (story.TraceId is not null) System.Console.WriteLine($"trace {story.TraceId}");
        TextTable table = new("AFTER", "PART", "WHAT", "RESULT");
        foreach (StopInfo stop in story.Stops)
            table.Add(Words.Duration(stop.SinceBegin.TotalSeconds), stop.Part, Words.Plain(stop.Text), Words.Plain(stop.Result));
        System.Console.Write(table);
        foreach (string waiting in story.Waiting) System.Console.WriteLine($"stands {Words.Plain(waiting)}");
        System.Console.WriteLine();
    }
}
