using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Quintet.Chassis.Data;
using Quintet.Chassis.Messaging.Events;
using Quintet.Hosting.Health;
using Quintet.Hosting.Settings;

namespace Quintet.Chassis.Messaging;

/// <summary>Gives a service events, on top of its database.</summary>
public static class MessagingExtensions
{
    /// <summary>Registers the <see cref="Outbox"/> and the loop that publishes it. Needs <see cref="DatabaseExtensions.AddDatabase{TDb}"/>.</summary>
    public static WebApplicationBuilder AddOutbox(this WebApplicationBuilder builder)
    {
        AddMessaging(builder);
        builder.Services.AddSingleton<OutboxSignal>().AddSingleton<OutboxStore>();
        builder.Services.AddSingleton<IInterceptor>(services => services.GetRequiredService<OutboxSignal>());
        builder.Services.AddScoped(services => new Outbox(
            services.GetRequiredService<DbContext>(), services.GetRequiredService<ChassisOptions>(), services.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService<OutboxLoop>();
        return builder;
    }

    /// <summary>
    /// Lets <typeparamref name="THandler"/> handle the events of type <typeparamref name="TEvent"/>, from a durable queue
    /// <c>&lt;service&gt;.&lt;event type&gt;</c> that all instances of this service share. Needs <see cref="DatabaseExtensions.AddDatabase{TDb}"/>.
    /// </summary>
    public static WebApplicationBuilder AddConsumer<TEvent, THandler>(this WebApplicationBuilder builder)
        where TEvent : IEvent
        where THandler : class, IEventHandler<TEvent>
    {
        // Two would share one queue, and each event would reach only one of them.
        if (builder.Services.Any(service => service.ImplementationInstance is ConsumedType other && other.EventType == TEvent.EventType))
            throw new InvalidOperationException($"there is a consumer of {TEvent.EventType} already; let one handler do both");

        AddMessaging(builder);
        builder.Services.TryAddScoped(services => new Inbox(services.GetRequiredService<DbContext>(), services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(new ConsumedType(TEvent.EventType));
        builder.Services.AddScoped<THandler>();
        builder.Services.AddSingleton<Consumer, Consumer<TEvent, THandler>>();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ConsumerLoop>());
        return builder;
    }

    private static void AddMessaging(WebApplicationBuilder builder)
    {
        if (builder.Services.Any(service => service.ServiceType == typeof(OutboxBoard))) return;
        builder.Services.AddSingleton<OutboxBoard>();
        builder.Services.AddValidatedOptions<MessagingOptions>(builder.Configuration, "Messaging");
        builder.Services.AddHealthChecks().AddCheck<OutboxBoard>("messaging", tags: [HealthRoutes.ReadyTag]);
    }

    private sealed record ConsumedType(string EventType);
}
