using System.ComponentModel.DataAnnotations;

namespace Quintet.Notifications.Welcome;

/// <summary>Section <c>Welcome</c>. Takes changes live: the next mail has them.</summary>
internal sealed class WelcomeOptions
{
    /// <summary>The subject of the welcome mail; <c>{name}</c> becomes the user's name. Default <c>Welcome, {name}!</c></summary>
    [Required, StringLength(200, MinimumLength = 1)]
    public string Subject { get; set; } = "Welcome, {name}!";
}
