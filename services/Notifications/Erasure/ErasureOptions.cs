namespace Quintet.Notifications.Erasure;

/// <summary>Section <c>Erasure</c>. Takes changes live.</summary>
internal sealed class ErasureOptions
{
    /// <summary>
    /// Ids of users whose notifications must be kept, for example because of a lawsuit: their erasure is refused, and with it the deletion of
    /// the user. Default none.
    /// </summary>
    public IList<long> RetainedUsers { get; } = [];
}
