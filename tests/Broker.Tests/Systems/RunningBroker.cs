using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Quintet.Broker.Queues;
using Quintet.Broker.Sockets;
using Quintet.Broker.Storage.Disks;
using Quintet.Broker.Topology;
using Quintet.Hosting;
using Quintet.Hosting.Settings;
using Quintet.TestKit.Files;
using RabbitMQ.Client;
using Xunit;

namespace Quintet.Broker.Tests.Systems;

/// <summary>A whole broker on free ports over a folder of its own.</summary>
internal sealed class RunningBroker : IAsyncDisposable
{
    /// <summary>Among the settings of a start: the path of a settings file.</summary>
    public const string SettingsFile = "File";

    private readonly WebApplication _app;
    private readonly TempFolder? _folder;

    private RunningBroker(WebApplication app, TempFolder? folder, string data)
    {
        _app = app;
        _folder = folder;
        DataFolder = data;
        Ports = BrokerBox.PortsOf(app);
    }

    public BrokerPorts Ports { get; }

    public string DataFolder { get; }

    public static Task<RunningBroker> StartAsync(params (string Key, string? Value)[] settings)
    {
        TempFolder folder = new();
        return StartAsync(folder, folder["data"], settings);
    }

    /// <summary>A broker over a folder that somebody else owns.</summary>
    public static Task<RunningBroker> StartOverAsync(string dataFolder, params (string Key, string? Value)[] settings) =>
        StartAsync(null, dataFolder, settings);

    /// <summary>A broker over a disk that the test can break.</summary>
    public static Task<RunningBroker> StartOverAsync(Disk disk, params (string Key, string? Value)[] settings) =>
        StartAsync(null, disk.Folder, settings, _ => disk);

    /// <summary>The same over a folder that somebody else owns.</summary>
    public static Task<RunningBroker> StartWithAsync(string dataFolder, Action<IServiceCollection> replace) =>
        StartAsync(null, dataFolder, [], replace: replace);

    /// <summary>A broker with parts that the test puts in the place of the broker's own.</summary>
    public static Task<RunningBroker> StartWithAsync(Action<IServiceCollection> replace, params (string Key, string? Value)[] settings)
    {
        TempFolder folder = new();
        return StartAsync(folder, folder["data"], settings, replace: replace);
    }

    private static async Task<RunningBroker> StartAsync(
        TempFolder? folder, string data, (string Key, string? Value)[] settings, Func<string, Disk>? openDisk = null,
        Action<IServiceCollection>? replace = null)
    {
        string? file = settings.FirstOrDefault(setting => setting.Key == SettingsFile).Value;
        (string Key, string? Value)[] values =
            [("Broker:Port", "0"), ("Broker:ManagementPort", "0"), ("Broker:DataFolder", data), ("Logging:LogLevel:Default", "Error"),
                ("Logging:LogLevel:Microsoft.Hosting.Lifetime", "Warning"), .. settings.Where(setting => setting.Key != SettingsFile)];
        BoxSettings all = new(file, values.ToDictionary(pair => pair.Key, pair => pair.Value));
        WebApplicationBuilder builder = BoxHost.CreateBuilder("broker", all);
        replace?.Invoke(builder.Services);
        WebApplication app = BrokerBox.Build(builder, openDisk);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningBroker(app, folder, data);
    }

    /// <summary>Reads the settings file again at once, as the watcher does in its own time.</summary>
    public void Reload() => ((IConfigurationRoot)_app.Configuration).Reload();

    public T Part<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>What is in a queue of the first virtual host.</summary>
    public QueueCounts Counts(string queue) => Part<BrokerNode>().FindVhost("/")!.FindQueue(queue)!.Counts;

    public ConnectionFactory Factory(string user = "guest", string password = "guest") => new()
    {
        HostName = "127.0.0.1",
        Port = Ports.Amqp,
        UserName = user,
        Password = password,
        AutomaticRecoveryEnabled = false,
    };

    public Task<IConnection> ConnectAsync(string user = "guest", string password = "guest") =>
        Factory(user, password).CreateConnectionAsync(TestContext.Current.CancellationToken);

    public Task<RawClient> ConnectRawAsync() => RawClient.ConnectAsync(Ports.Amqp);

    public HttpClient Management(string? user = "guest", string password = "guest")
    {
        HttpClient http = new(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://127.0.0.1:{Ports.Management}") };
        if (user is not null)
            http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        return http;
    }

    /// <summary>
    /// What the disk would hold if the process were killed now: the files as they are, while the broker goes on. A copy during which a file got
    /// another name, or was given back, is of no moment: it is taken again.
    /// </summary>
    public string CopyAsAfterAKill(TempFolder to)
    {
        for (int left = 100; ; left--)
        {
            try
            {
                return CopyOnce(to[$"copy-{Guid.NewGuid():N}"]);
            }
            catch (FileNotFoundException) when (left > 0)
            {
            }
        }
    }

    private string CopyOnce(string copy)
    {
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(DataFolder).Where(file => Path.GetFileName(file) != ".lock"))
        {
            using FileStream from = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using FileStream into = File.Create(Path.Combine(copy, Path.GetFileName(file)));
            from.CopyTo(into);
        }

        return copy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _folder?.Dispose();
    }
}
