using System.ComponentModel.DataAnnotations;
using Quintet.Hosting.Settings;

namespace Quintet.ConfigServer;

/// <summary>Settings of the configuration server, section <c>ConfigServer</c>. Only <see cref="Tokens"/> are taken live from the settings file.</summary>
public sealed class ConfigServerOptions
{
    /// <summary>The section these settings stand in.</summary>
    public const string Section = "ConfigServer";

    /// <summary>
    /// Addresses to listen on: <c>loopback</c>, <c>any</c>, or IP addresses separated by commas. Default <c>loopback</c>: nothing is open by
    /// accident.
    /// </summary>
    [Required]
    public string Bind { get; set; } = "loopback";

    /// <summary>Port; 0 takes a free one. Default 8888 (Spring Cloud Config's).</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8888;

    /// <summary>Folder for what the server keeps. Made when missing; one server at a time may use it. Default <c>data/config</c>.</summary>
    [Required]
    public string DataFolder { get; set; } = "data/config";

    /// <summary>
    /// The Git repository to serve: a bare one, or one with a work tree. Default null: <c>repository</c> in <see cref="DataFolder"/>, made at the
    /// first start, bare.
    /// </summary>
    public string? Repository { get; set; }

    /// <summary>Folder whose files become the first commit of a repository that the server makes. Default null: one commented <c>application.yml</c>.</summary>
    public string? SeedFolder { get; set; }

    /// <summary>Branch (or tag, or commit) that requests without a label get. Default <c>main</c>.</summary>
    [Required]
    public string DefaultLabel { get; set; } = "main";

    /// <summary>
    /// Folders of the repository that hold configuration files; a later one wins over an earlier one. <c>{application}</c> and <c>{profile}</c>
    /// stand for what is asked for. Default: the root alone, written as an empty text (Spring Cloud Config's default).
    /// </summary>
    [MinLength(1)]
    public IReadOnlyList<string> SearchPaths { get; set; } = [""];

    /// <summary>
    /// What happens to values that begin with <c>{cipher}</c>. True (Spring's default): they would be decrypted here, and since this server has
    /// no keys yet, each is replaced by <c>invalid.&lt;key&gt;</c>. False: they go out as they are, for clients that decrypt.
    /// </summary>
    public bool DecryptValues { get; set; } = true;

    /// <summary>How often branches are looked at even when the file system reports no change. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Who may read and write. Default empty: everyone may do everything. Taken live, but a server that has tokens is never opened live.</summary>
    public IReadOnlyList<TokenOptions> Tokens { get; set; } = [];

    /// <summary>What one client, one file or one commit may cost.</summary>
    public LimitOptions Limits { get; set; } = new();

    /// <summary>One credential, presented as <c>Authorization: Bearer</c> or as the password of Basic.</summary>
    public sealed class TokenOptions
    {
        /// <summary>Who it is; the committer's name of what is written with it. Unique.</summary>
        [Required]
        public string Name { get; set; } = "";

        /// <summary>The credential.</summary>
        [Required]
        public Secret? Secret { get; set; }

        /// <summary>Applications it may read, by exact name; <c>*</c> means all. The shared <c>application</c> files belong to every application.</summary>
        [MinLength(1)]
        public IReadOnlyList<string> Applications { get; set; } = [];

        /// <summary>Whether it may also change their files (the shared ones and those of other applications only with <c>*</c>). Default false.</summary>
        public bool Write { get; set; }
    }

    /// <summary>Limits. Where no source is named the number is ours: far above what is used in earnest, far below what hurts.</summary>
    public sealed class LimitOptions
    {
        /// <summary>Bytes of one file, read or written. Default 1 MiB (the value limit of etcd's requests is 1.5 MiB).</summary>
        [Range(1, 1 << 30)]
        public int FileBytes { get; set; } = 1 << 20;

        /// <summary>Configuration files in one commit. Default 10,000.</summary>
        [Range(1, 1_000_000)]
        public int Files { get; set; } = 10_000;

        /// <summary>Bytes of all configuration files in one commit. Default 64 MiB.</summary>
        [Range(1, long.MaxValue)]
        public long CommitBytes { get; set; } = 64L << 20;

        /// <summary>Properties in one file after aliases are followed. Default 100,000.</summary>
        [Range(1, 10_000_000)]
        public int Properties { get; set; } = 100_000;

        /// <summary>Nesting in one file. Default 64 (System.Text.Json's).</summary>
        [Range(1, 256)]
        public int Depth { get; set; } = 64;

        /// <summary>Characters that the placeholders of one environment may expand to. Default 16 Mi.</summary>
        [Range(1, 1 << 30)]
        public int ExpandedCharacters { get; set; } = 16 << 20;

        /// <summary>Profiles, and applications, in one request. Default 50.</summary>
        [Range(1, 1000)]
        public int Names { get; set; } = 50;

        /// <summary>Labels kept in memory; the one unused for the longest time gives way. Default 100.</summary>
        [Range(1, 10_000)]
        public int Labels { get; set; } = 100;

        /// <summary>Bytes of finished answers kept in memory for one commit. Default 8 MiB.</summary>
        [Range(0, long.MaxValue)]
        public long CachedBytes { get; set; } = 8L << 20;

        /// <summary>Commits to look back for one that can be read, when the newest cannot. Default 1,000.</summary>
        [Range(1, 1_000_000)]
        public int History { get; set; } = 1000;

        /// <summary>Watches that wait at the same time. Default 10,000.</summary>
        [Range(1, 1_000_000)]
        public int Watchers { get; set; } = 10_000;

        /// <summary>The longest wait of one watch; a longer one is shortened. Default 10 min (Consul's limit for blocking queries).</summary>
        [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
        public TimeSpan WatchWait { get; set; } = TimeSpan.FromMinutes(10);
    }
}
