namespace Quintet.Chassis.Messaging;

/// <summary>The event that is handled by the current flow of control; what is called on its behalf is told apart by it.</summary>
internal static class EventInHand
{
    private static readonly AsyncLocal<string?> Local = new();

    public static string? Id
    {
        get => Local.Value;
        set => Local.Value = value;
    }
}
