using Quintet.Chassis;
using Quintet.Chassis.Data;
using Quintet.Chassis.Messaging;
using Quintet.Users.Deletion;
using Quintet.Users.Users;

namespace Quintet.Users;

internal static class Program
{
    public static Task Main(string[] args) => Build(args).RunAsync();

    internal static WebApplication Build(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        builder.AddQuintet().AddDatabase<UsersDb>().AddOutbox().AddDeletion();

        WebApplication app = builder.Build();
        app.UseQuintet();
        app.MapUsers();
        app.MapDeletion();
        return app;
    }
}
