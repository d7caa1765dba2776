using System.ComponentModel.DataAnnotations;

namespace Quintet.Users.Deletion;

/// <summary>Section <c>Deletion</c>. Read at start; runs under way keep the time they were given.</summary>
internal sealed class DeletionOptions
{
    /// <summary>
    /// How long Notifications may take to answer before it is asked again. Default 15 minutes: longer than its retries, which go on for eleven.
    /// </summary>
    public TimeSpan AnswerWithin { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How often it is asked before the user is restored. Default 5: with the default wait, after an hour and a quarter.</summary>
    [Range(1, 100)]
    public int TriesMax { get; set; } = 5;
}
