using Quintet.Chassis.Messaging;
using Quintet.Hosting.Settings;

namespace Quintet.Notifications.Erasure;

internal static class ErasureExtensions
{
    /// <summary>What is kept about a user goes with it.</summary>
    public static WebApplicationBuilder AddErasure(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<ErasureOptions>(builder.Configuration, "Erasure");
        return builder.AddConsumer<UserDeletionRequested, EraseOnRequest>().AddConsumer<UserDeleted, ForgetUser>();
    }
}
