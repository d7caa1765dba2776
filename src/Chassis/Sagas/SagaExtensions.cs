using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Quintet.Chassis.Data;
using Quintet.Hosting.Settings;

namespace Quintet.Chassis.Sagas;

/// <summary>Gives a service a saga, on top of its database.</summary>
public static class SagaExtensions
{
    /// <summary>
    /// Registers <typeparamref name="TSaga"/> and the loop that finds late answers. Needs <see cref="DatabaseExtensions.AddDatabase{TDb}"/>; the
    /// answers come to handlers, by <c>AddConsumer</c>.
    /// </summary>
    public static WebApplicationBuilder AddSaga<TSaga>(this WebApplicationBuilder builder)
        where TSaga : Saga
    {
        builder.Services.TryAddScoped(services => new SagaStore(services.GetRequiredService<DbContext>(), services.GetRequiredService<TimeProvider>()));
        builder.Services.AddScoped<TSaga>();
        builder.Services.AddScoped<Saga>(services => services.GetRequiredService<TSaga>());
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SagaLoop>());
        return builder;
    }

    internal static void AddSagas(this WebApplicationBuilder builder) =>
        builder.Services.AddValidatedOptions<SagaOptions>(builder.Configuration, "Sagas");
}
