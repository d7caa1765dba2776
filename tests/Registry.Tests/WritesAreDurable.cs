using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Win32.SafeHandles;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;
using Quintet.TestKit.Files;

namespace Quintet.Registry.Tests;

public sealed class WritesAreDurable
{
    [Fact]
    public async Task What_was_answered_is_in_the_log_at_that_moment()
    {
        await using RunningRegistry registry = await RunningRegistry.StartAsync();
        for (int i = 0; i < 20; i++)
        {
            await registry.PutAsync($"/v1/kv/key{i}", $"value{i}");
            // The copy is what a process killed right after the answer leaves behind.
            using TempFolder copy = new();
            foreach (string log in Directory.EnumerateFiles(registry.Folder, "*.log")) File.Copy(log, copy[Path.GetFileName(log)]);
            using ChangeLog opened = ChangeLog.Open(copy.Path, new Disk(), out RegistryState state);
            Assert.Equal($"value{i}", System.Text.Encoding.UTF8.GetString(state.Keys.Find($"key{i}")!.Value));
        }
    }

    [Fact]
    public void A_log_cut_at_any_byte_opens_with_all_whole_writes()
    {
        using TempFolder folder = new();
        List<long> ends = [];
        string path = WriteLog(folder.Path, 6, ends);
        byte[] whole = File.ReadAllBytes(path).AsSpan(0, (int)ends[^1]).ToArray();

        for (int length = (int)ends[0]; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole.AsSpan(0, length));
            using ChangeLog log = ChangeLog.Open(folder.Path, new Disk(), out RegistryState state);
            Assert.Equal(ends.Count(end => end <= length) - 1, state.Keys.Count);
            Assert.Equal(length, log.LengthBytes + log.TornBytes);
        }
    }

    [Fact]
    public void A_torn_end_is_overwritten_by_the_next_write()
    {
        using TempFolder folder = new();
        List<long> ends = [];
        string path = WriteLog(folder.Path, 3, ends);
        File.WriteAllBytes(path, File.ReadAllBytes(path).AsSpan(0, (int)ends[^1] - 5));
        using (ChangeLog log = ChangeLog.Open(folder.Path, new Disk(), out RegistryState state)) log.Append([Put(state.Index + 1, "after")]);

        using ChangeLog again = ChangeLog.Open(folder.Path, new Disk(), out RegistryState recovered);
        Assert.Equal(["after", "key0", "key1"], recovered.Keys.All().Select(row => row.Key));
    }

    [Fact]
    public void A_frame_torn_within_the_space_allocated_ahead_is_cut()
    {
        using TempFolder folder = new();
        List<long> ends = [];
        string path = WriteLog(folder.Path, 3, ends);
        byte[] bytes = File.ReadAllBytes(path);
        Assert.True(bytes.Length > ends[^1]);
        for (long hole = ends[^2]; hole < ends[^1]; hole++)
        {
            byte[] torn = [.. bytes];
            torn.AsSpan((int)hole..(int)ends[^1]).Clear();
            File.WriteAllBytes(path, torn);
            using ChangeLog log = ChangeLog.Open(folder.Path, new Disk(), out RegistryState state);
            Assert.Equal((2, ends[^2]), (state.Keys.Count, log.LengthBytes));
        }
    }

    [Fact]
    public void Damage_in_the_middle_is_refused_by_name_and_nothing_is_cut()
    {
        using TempFolder folder = new();
        List<long> ends = [];
        string path = WriteLog(folder.Path, 3, ends);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[ends[1] + LogCodec.FrameHeaderBytes + 3] ^= 1;
        File.WriteAllBytes(path, bytes);

        InvalidDataException fault = Assert.Throws<InvalidDataException>(() => ChangeLog.Open(folder.Path, new Disk(), out _));
        Assert.Contains($"damaged at byte {ends[1]}", fault.Message);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task A_disk_that_refuses_a_write_costs_that_write_and_nothing_else()
    {
        FaultyDisk disk = new();
        RunningRegistry registry = await RunningRegistry.StartAsync(null, services => services.AddSingleton<Disk>(disk));
        await registry.PutAsync("/v1/kv/before", "1");
        ulong index = (await registry.GetAsync("/v1/kv/before")).Index;

        disk.TearsWrites = true;
        Assert.Equal(HttpStatusCode.InternalServerError, (await registry.PutAsync("/v1/kv/lost", "1")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await registry.GetAsync("/v1/kv/lost")).Status);
        disk.TearsWrites = false;
        await registry.PutAsync("/v1/kv/after", "1");
        Assert.Equal(index + 1, (await registry.GetAsync("/v1/kv/after")).Index);
        await registry.StopAsync();

        await using RunningRegistry second = await RunningRegistry.StartAsync(registry.Folder, null);
        Assert.Equal("""["after","before"]""", (await second.GetAsync("/v1/kv/?keys")).Text);
    }

    [Fact]
    public async Task A_failed_sync_confirms_nothing_and_stops_the_registry()
    {
        FaultyDisk disk = new();
        await using RunningRegistry registry = await RunningRegistry.StartAsync(null, services => services.AddSingleton<Disk>(disk));
        IHostApplicationLifetime lifetime = registry.Services.GetRequiredService<IHostApplicationLifetime>();
        TaskCompletionSource stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration onStop = lifetime.ApplicationStopping.Register(stopping.SetResult);

        disk.FailsSyncs = true;
        Reply reply = await registry.PutAsync("/v1/kv/doubtful", "1");
        Assert.Equal(HttpStatusCode.InternalServerError, reply.Status);
        await stopping.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Environment.ExitCode = 0; // the registry's own exit code, not this test run's
    }

    [Fact]
    public async Task A_compacted_log_holds_the_same_and_the_index_goes_on()
    {
        RunningRegistry first = await RunningRegistry.StartAsync(("Registry:CompactAfterBytes", "4096"));
        await first.RegisterAsync(new { ID = "web-1", Name = "web", Tags = new[] { "v1" }, Check = new { TTL = "60s", Status = "passing" } });
        for (int i = 0; i < 200; i++) await first.PutAsync("/v1/kv/churn", $"{i} {new string('x', 200)}");
        await first.DeleteAsync("/v1/kv/churn");
        string before = (await first.GetAsync("/v1/health/service/web")).Text;
        ulong removed = (await first.GetAsync("/v1/kv/churn")).Index;
        await first.StopAsync();
        FileInfo log = new(Assert.Single(Directory.GetFiles(first.Folder, "*.log")));
        Assert.True(log.Length < 40_000 + (1 << 20), $"the log has {log.Length} bytes");

        await using RunningRegistry second = await RunningRegistry.StartAsync(first.Folder, null);
        Assert.Equal(before, (await second.GetAsync("/v1/health/service/web")).Text);
        Assert.Equal(removed, (await second.GetAsync("/v1/kv/churn")).Index);
    }

    [Fact]
    public async Task Indexes_do_not_fall_back_when_old_removals_were_forgotten()
    {
        RunningRegistry first = await RunningRegistry.StartAsync(("Registry:Limits:RemovalsRememberedMax", "16"));
        for (int i = 0; i < 40; i++)
        {
            await first.PutAsync($"/v1/kv/key{i}", "x");
            await first.DeleteAsync($"/v1/kv/key{i}");
            await first.RegisterAsync(new { ID = "one", Name = $"name{i}" });
        }

        ulong unseen = (await first.GetAsync("/v1/kv/unseen")).Index;
        ulong unseenName = (await first.GetAsync("/v1/health/service/unseen")).Index;
        Assert.True(unseen > 1 && unseenName > 1);
        await first.StopAsync();

        await using RunningRegistry second = await RunningRegistry.StartAsync(first.Folder, null, ("Registry:Limits:RemovalsRememberedMax", "16"));
        Assert.Equal(unseen, (await second.GetAsync("/v1/kv/unseen")).Index);
        Assert.Equal(unseenName, (await second.GetAsync("/v1/health/service/unseen")).Index);
    }

    [Fact]
    public async Task Two_registries_do_not_share_a_folder()
    {
        await using RunningRegistry first = await RunningRegistry.StartAsync();

        IOException fault = await Assert.ThrowsAsync<IOException>(() => RunningRegistry.StartAsync(first.Folder, null));
        Assert.Contains("Registry:DataFolder", fault.Message);
    }

    private static string WriteLog(string folder, int writes, List<long> ends)
    {
        using ChangeLog log = ChangeLog.Open(folder, new Disk(), out RegistryState state);
        ends.Add(log.LengthBytes);
        for (int i = 0; i < writes; i++)
        {
            log.Append([Put(state.Index + 1 + (ulong)i, $"key{i}")]);
            ends.Add(log.LengthBytes);
        }

        return Directory.GetFiles(folder, "*.log").Single();
    }

    private static Mutation Put(ulong index, string key) =>
        new(index, [new KeyPut(new KeyRow { Key = key, Value = "value"u8.ToArray(), CreateIndex = index, ModifyIndex = index })]);

    private sealed class FaultyDisk : Disk
    {
        public bool TearsWrites { get; set; }

        public bool FailsSyncs { get; set; }

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            if (!TearsWrites)
            {
                base.Write(file, bytes, offset);
                return;
            }

            base.Write(file, bytes[..(bytes.Length / 2)], offset);
            throw new IOException("no space left on device");
        }

        public override void Sync(SafeFileHandle file)
        {
            if (FailsSyncs) throw new IOException("input/output error");
            base.Sync(file);
        }
    }
}
