using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Quintet.Chassis.Data;

/// <summary>Gives a service its own database.</summary>
public static class DatabaseExtensions
{
    /// <summary>
    /// Registers <typeparamref name="TDb"/> on the service's own SQLite file, <c>&lt;service&gt;.db</c> in the data folder (WAL, synced at each
    /// commit), or on the file that <c>ConnectionStrings:Database</c> names, and brings it to this build's schema at start. Other engines
    /// are refused at start.
    /// </summary>
    public static WebApplicationBuilder AddDatabase<TDb>(this WebApplicationBuilder builder)
        where TDb : QuintetDb
    {
        ChassisOptions chassis = ChassisOptions.From(builder.Configuration, builder.Environment.ApplicationName);
        string connection = SqliteConnection(builder.Configuration.GetConnectionString("Database"), chassis);

        builder.Services.AddSingleton(new DatabaseFile(connection)).AddSingleton<IInterceptor, SqliteSession>();
        builder.Services.AddDbContext<TDb>((services, options) => options
            .UseSqlite(connection)
            // Asked of every start, it would compare the model with the snapshot; a test of each service asks it once instead.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning))
            .AddInterceptors(services.GetServices<IInterceptor>()));
        builder.Services.AddScoped<DbContext>(services => services.GetRequiredService<TDb>());
        builder.Services.AddHostedService<MigrationStep<TDb>>();
        return builder;
    }

    private static string SqliteConnection(string? configured, ChassisOptions chassis)
    {
        if (string.IsNullOrEmpty(configured))
            return new SqliteConnectionStringBuilder { DataSource = Path.Combine(chassis.DataFolder, $"{chassis.Service}.db"), DefaultTimeout = 30 }.ToString();

        try
        {
            return new SqliteConnectionStringBuilder(configured).ToString();
        }
        catch (ArgumentException fault)
        {
            throw new InvalidOperationException(
                "ConnectionStrings:Database: this chassis speaks SQLite only ('Data Source=…'); PostgreSQL is not supported yet", fault);
        }
    }
}
