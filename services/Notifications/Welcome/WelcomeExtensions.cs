using Quintet.Chassis.Messaging;
using Quintet.Hosting.Settings;

namespace Quintet.Notifications.Welcome;

internal static class WelcomeExtensions
{
    public static WebApplicationBuilder AddWelcome(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidatedOptions<WelcomeOptions>(builder.Configuration, "Welcome");
        builder.Services.AddHttpClient<UsersClient>();
        builder.Services.AddScoped<WelcomeMail>();
        return builder.AddConsumer<UserCreated, SendWelcome>();
    }
}
