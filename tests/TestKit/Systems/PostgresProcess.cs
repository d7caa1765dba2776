using System.Globalization;
using Quintet.TestKit.Network;
using Quintet.TestKit.Processes;

namespace Quintet.TestKit.Systems;

/// <summary>
/// A PostgreSQL server from Debian's package, on a free port of loopback and in a data folder of its own: the engine that users of SQLite move
/// to. For root, who may not run it, it runs as the package's user. It ends with this.
/// </summary>
public sealed class PostgresProcess : IAsyncDisposable
{
    /// <summary>The superuser.</summary>
    public const string User = "quintet";

    public const string Password = "for-tests-only";


    // Not a TempFolder: that is closed to the package's user below a root's umask, and its name holds a blank.
    private readonly string home = Directory.CreateTempSubdirectory("quintet-postgres-").FullName;
    private readonly string programs;
    private ChildProcess? server;

    private PostgresProcess(string programs) => this.programs = programs;

    public int Port { get; } = FreePort.Take();

    /// <summary>What the server has logged.</summary>
    public string Output => server?.Output ?? "";

    public static async Task<PostgresProcess> StartAsync(CancellationToken cancellation)
    {
        string programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(MajorOf).Select(folder => Path.Combine(folder, "bin")).FirstOrDefault() ?? ""
            : "";
        Need.DebianFile(Path.Combine(programs, "initdb"), "postgresql");
        PostgresProcess started = new(programs);
        await started.PrepareAsync(cancellation);
        await started.RestartAsync(cancellation);
        return started;
    }

    /// <summary>Creates an empty database.</summary>
    /// <returns>Its address, with user and password.</returns>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellation)
    {
        string name = $"test_{Guid.NewGuid():N}";
        await MustRunAsync(Path.Combine(programs, "createdb"), [.. Client(), name], cancellation);
        return $"postgresql://{User}:{Password}@127.0.0.1:{Port}/{name}";
    }

    /// <summary>Runs statements in a database of this server.</summary>
    /// <param name="url">As <see cref="CreateDatabaseAsync"/> gave it.</param>
    /// <param name="sql">The statements.</param>
    /// <param name="cancellation">Ends the program.</param>
    /// <returns>The rows, columns separated by <c>|</c>.</returns>
    public async Task<string> QueryAsync(string url, string sql, CancellationToken cancellation) =>
        (await MustRunAsync(Path.Combine(programs, "psql"), [.. Query(url), "-c", sql], cancellation)).Trim();

    /// <summary>A session that runs statements in one transaction and then keeps it open until it is disposed.</summary>
    public ChildProcess OpenTransaction(string url, string sql) => ChildProcess.Start(
        Path.Combine(programs, "psql"),
        [.. Query(url), "-c", "BEGIN", "-c", sql, "-c", "SELECT 'held'", "-c", @"\! exec tail -f /dev/null"],
        home,
        new Dictionary<string, string?> { ["PGPASSWORD"] = Password });

    /// <summary>Starts it on the same port and data, after <see cref="KillAsync"/>.</summary>
    public async Task RestartAsync(CancellationToken cancellation)
    {
        await Eventually.TrueAsync(
            "PostgreSQL takes connections",
            async () =>
            {
                // The shared memory of a killed server may outlive it for a moment, and a new one then refuses to start.
                if (server is null or { HasExited: true }) server = StartServer();
                (int exitCode, _) = await ChildProcess.RunAsync(Path.Combine(programs, "pg_isready"), [.. Client()], cancellation, home);
                return exitCode == 0;
            },
            cancellation,
            () => Output);
    }

    /// <summary>SIGKILL to the server and all of its processes, and waits until they are gone.</summary>
    public async Task KillAsync()
    {
        if (server is not null) await server.DisposeAsync();
        server = null;
    }

    /// <summary>SIGSTOP to the server and all of its processes: connections stay, and nothing answers.</summary>
    public void Pause() => server!.Pause();

    /// <summary>SIGCONT.</summary>
    public void Resume() => server!.Resume();

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(home, recursive: true);
    }

    private static int MajorOf(string folder) =>
        int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int major) ? major : 0;

    private IEnumerable<string> Client() => ["-h", "127.0.0.1", "-p", $"{Port}", "-U", User];

    private IEnumerable<string> Query(string url) =>
        [.. Client(), "-d", new Uri(url).AbsolutePath[1..], "--no-psqlrc", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1"];

    private async Task PrepareAsync(CancellationToken cancellation)
    {
        string passwordFile = Path.Combine(home, "password");
        await File.WriteAllTextAsync(passwordFile, Password, cancellation);
        if (Environment.IsPrivilegedProcess) await MustRunAsync(Need.Program("chown", "coreutils"), ["-R", "postgres:postgres", home], cancellation);
        string[] words = AsOwner(
            Path.Combine(programs, "initdb"),
            "-D", Path.Combine(home, "data"), "-U", User, "--auth=scram-sha-256", $"--pwfile={passwordFile}", "--no-sync", "--encoding=UTF8", "--locale=C");
        await MustRunAsync(words[0], words[1..], cancellation);
    }

    private ChildProcess StartServer()
    {
        // Without fsync: a killed server loses nothing that the machine itself does not lose. With more connections than the hundred of a server as
        // installed: each test has a database of its own, and the pool of each keeps its connections for minutes after the test.
        string[] words = AsOwner(
            Path.Combine(programs, "postgres"),
            "-D", Path.Combine(home, "data"), "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off",
            "-c", "shared_buffers=16MB", "-c", "max_connections=1000");
        return ChildProcess.Start(words[0], words[1..], home);
    }

    private static string[] AsOwner(string program, params string[] arguments) => Environment.IsPrivilegedProcess
        ? [Need.Program("setpriv", "util-linux"), "--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments]
        : [program, .. arguments];

    private async Task<string> MustRunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        (int exitCode, string output) = await ChildProcess.RunAsync(
            program, arguments, cancellation, home, new Dictionary<string, string?> { ["PGPASSWORD"] = Password });
        return exitCode == 0 ? output : throw new InvalidOperationException($"{Path.GetFileName(program)} ended with {exitCode}: {output}");
    }
}
