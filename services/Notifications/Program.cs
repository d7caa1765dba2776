using Quintet.Chassis;
using Quintet.Chassis.Data;
using Quintet.Chassis.Messaging;
using Quintet.Notifications.Erasure;
using Quintet.Notifications.History;
using Quintet.Notifications.Mail;
using Quintet.Notifications.Welcome;

namespace Quintet.Notifications;

internal static class Program
{
    public static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        builder.AddQuintet().AddDatabase<NotificationsDb>().AddOutbox().AddMail().AddWelcome().AddErasure();
        WebApplication app = builder.Build();
        app.UseQuintet();
        app.MapNotifications();
        return app;
    }
}
