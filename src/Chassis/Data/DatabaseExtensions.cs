using System.Data.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Quintet.Chassis.Data.Engines;
using Quintet.Chassis.Telemetry;
using Quintet.Hosting.Health;
using Quintet.Hosting.Settings;

namespace Quintet.Chassis.Data;

/// <summary>Gives a service its own database.</summary>
public static class DatabaseExtensions
{
    /// <summary>
    /// Registers <typeparamref name="TDb"/> on the service's own database and brings it to this build's schema at start. Without further
    /// settings that is a SQLite file, <c>&lt;service&gt;.db</c> in the data folder (WAL, synced at each commit); <c>ConnectionStrings:Database</c>
    /// or <c>DATABASE_URL</c> names another file, or a database of a PostgreSQL server.
    /// </summary>
    /// <exception cref="InvalidOperationException">What is named is neither; the message says by which setting.</exception>
    public static WebApplicationBuilder AddDatabase<TDb>(this WebApplicationBuilder builder)
        where TDb : QuintetDb
    {
        ChassisOptions chassis = ChassisOptions.From(builder.Configuration, builder.Environment.ApplicationName);
        DbConnectionStringBuilder address = DatabaseAddress.Of(builder.Configuration, chassis);

        builder.Services.AddValidatedOptions<DatabaseOptions>(builder.Configuration, "Database");
        builder.Services.AddSingleton(services => EngineAt(address, services));
        builder.Services.AddSingleton<IInterceptor, CommandSpans>();
        builder.Services.AddDbContext<TDb>((services, options) =>
        {
            services.GetRequiredService<DatabaseEngine>().Configure(options);
            // Asked of every start, it would compare the model with the snapshot; a test of each service asks it once instead.
            options.ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning))
                .AddInterceptors(services.GetServices<IInterceptor>());
        });
        builder.Services.AddScoped<DbContext>(services => services.GetRequiredService<TDb>());
        builder.Services.AddHostedService<MigrationStep<TDb>>();

        builder.Services.AddSingleton<DatabaseBoard>().AddHostedService<DatabaseLoop>();
        builder.Services.AddExceptionHandler<DatabaseUnavailable>();
        builder.Services.AddHealthChecks().AddCheck<DatabaseBoard>("database", tags: [HealthRoutes.ReadyTag]);
        return builder;
    }

    private static DatabaseEngine EngineAt(DbConnectionStringBuilder address, IServiceProvider services)
    {
        DatabaseOptions options = services.GetRequiredService<IOptions<DatabaseOptions>>().Value;
        return address switch
        {
            NpgsqlConnectionStringBuilder server => new PostgresEngine(server, options, services.GetRequiredService<ChassisOptions>().Instance),
            SqliteConnectionStringBuilder file => new SqliteEngine(file, options, services.GetRequiredService<TimeProvider>()),
            _ => throw new InvalidOperationException($"no engine for {address.GetType()}"),
        };
    }
}
