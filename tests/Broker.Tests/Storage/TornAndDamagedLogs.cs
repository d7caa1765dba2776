using Quintet.Broker.Storage;
using Xunit;
using static Quintet.Broker.Tests.Storage.StoreExtensions;

namespace Quintet.Broker.Tests.Storage;

/// <summary>What recovery does with a log that is not as it was left: the last, unconfirmed batch goes; anything else is refused by name.</summary>
public sealed class TornAndDamagedLogs
{
    private const string First = "messages-0000000001.log";

    [Fact]
    public async Task A_log_cut_at_any_byte_of_its_last_message_keeps_all_before_it()
    {
        byte[] whole = await LogOfThreeAsync();
        int lastRecord = LastUsed(whole, Find(whole, "third"));
        int secondRecord = LastUsed(whole, Find(whole, "second"));
        for (int cut = secondRecord; cut < lastRecord; cut++)
        {
            FaultyDisk disk = new();
            byte[] torn = whole.ToArray();
            torn.AsSpan(cut).Clear();
            disk.Replace(First, torn);

            await using MessageStore store = Open(disk);

            Assert.Equal(["first", "second"], await store.Bodies(Orders));
        }
    }

    [Fact]
    public async Task A_file_that_ends_at_any_byte_of_its_last_message_keeps_all_before_it()
    {
        byte[] whole = await LogOfThreeAsync();
        int lastRecord = LastUsed(whole, Find(whole, "third"));
        int secondRecord = LastUsed(whole, Find(whole, "second"));
        for (int length = secondRecord; length < lastRecord; length++)
        {
            FaultyDisk disk = new();
            disk.Replace(First, whole[..length]);

            await using MessageStore store = Open(disk);

            Assert.Equal(["first", "second"], await store.Bodies(Orders));
        }
    }

    [Fact]
    public async Task A_torn_tail_is_reported_and_cut_off_once()
    {
        byte[] whole = await LogOfThreeAsync();
        whole[Find(whole, "third") + 2] ^= 1;
        FaultyDisk disk = new();
        disk.Replace(First, whole);

        await using (MessageStore store = Open(disk))
            Assert.True(store.Recovered.TornBytes > 5);

        await using MessageStore again = Open(disk);
        Assert.Equal(0, again.Recovered.TornBytes);
        Assert.Equal(["first", "second"], await again.Bodies(Orders));
    }

    [Fact]
    public async Task Damage_before_a_confirmed_message_is_refused_with_file_and_offset_and_changes_nothing()
    {
        byte[] damaged = await LogOfThreeAsync();
        int second = Find(damaged, "second");
        damaged[second + 2] ^= 1;
        FaultyDisk disk = new();
        disk.Replace(First, damaged);

        StorageDamagedException refused = Assert.Throws<StorageDamagedException>(() => Open(disk));

        Assert.Equal("/faulty/" + First, refused.File);
        Assert.InRange(refused.Offset, Find(damaged, "first"), second);
        Assert.Equal(damaged, disk.Content(First));
    }

    [Fact]
    public async Task Every_changed_byte_of_a_confirmed_batch_is_refused_or_harmless()
    {
        byte[] whole = await LogOfThreeAsync();
        int end = LastUsed(whole, Find(whole, "second"));
        for (int at = 0; at < end; at++)
        {
            byte[] damaged = whole.ToArray();
            damaged[at] ^= 0x40;
            FaultyDisk disk = new();
            disk.Replace(First, damaged);

            StorageDamagedException refused = Assert.Throws<StorageDamagedException>(() => Open(disk));

            Assert.True(refused.Offset <= at, $"byte {at} was changed, offset {refused.Offset} was named");
        }
    }

    [Fact]
    public async Task After_a_clean_stop_even_the_last_message_is_known_to_have_been_confirmed()
    {
        FaultyDisk disk = new();
        await using (MessageStore store = Open(disk))
            store.Append("the only one", [Orders]);
        byte[] damaged = disk.Content(First);
        damaged[Find(damaged, "the only one")] ^= 1;
        disk.Replace(First, damaged);

        Assert.Throws<StorageDamagedException>(() => Open(disk));
    }

    [Fact]
    public async Task Damage_can_be_skipped_by_decision_and_is_reported()
    {
        byte[] damaged = await LogOfThreeAsync();
        damaged[Find(damaged, "second") + 2] ^= 1;
        FaultyDisk disk = new();
        disk.Replace(First, damaged);
        StorageOptions options = Small;
        options.SkipDamaged = true;

        await using MessageStore store = Open(disk, options);

        Assert.Equal(["first", "third"], await store.Bodies(Orders));
        Assert.Single(store.Recovered.Skipped);
    }

    [Fact]
    public async Task A_segment_in_the_middle_that_lost_its_end_is_refused()
    {
        FaultyDisk disk = new();
        await using (MessageStore store = Open(disk))
        {
            for (int number = 0; number < 40; number++)
                store.Append(new string('m', 5_000), [Orders]);
        }

        disk.Replace(First, disk.Content(First)[..30_000]);

        StorageDamagedException refused = Assert.Throws<StorageDamagedException>(() => Open(disk));

        Assert.EndsWith(First, refused.File, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_looks_like_a_record_is_only_a_body()
    {
        // A peer that knows the format but not the salt: a whole segment of a store of its own, as a message.
        string forged = string.Concat((await LogOfThreeAsync()).AsSpan(0, 1_000).ToArray().Select(value => (char)(value & 0x7f)));
        FaultyDisk disk = new();
        await using MessageStore store = Open(disk);
        Confirms confirms = new();
        store.Append("first", [Orders], (confirms, 1));
        await confirms.Of(1);
        store.Append(forged, [Orders], (confirms, 2));
        await confirms.Of(2);
        byte[] log = disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(1)).Content(First);
        log[Find(log, "envelope of")] ^= 1;
        FaultyDisk again = new();
        again.Replace(First, log);

        await using MessageStore recovered = Open(again);
        Assert.Equal(["first"], await recovered.Bodies(Orders));
    }

    /// <summary>Three messages, each confirmed before the next, and then the power went.</summary>
    private static async Task<byte[]> LogOfThreeAsync()
    {
        FaultyDisk disk = new();
        await using MessageStore store = Open(disk);
        Confirms confirms = new();
        ulong tag = 0;
        foreach (string body in new[] { "first", "second", "third" })
        {
            store.Append(body, [Orders], (confirms, ++tag));
            await confirms.Of(tag);
        }

        return disk.Reboot(PowerLoss.ForgetsUnsynced, new Random(1)).Content(First);
    }

    /// <summary>Where the body begins; the text is in the envelope before it too.</summary>
    private static int Find(byte[] log, string text, int occurrence = 2)
    {
        int at = -1;
        for (; occurrence > 0; occurrence--)
        {
            int found = log.AsSpan(at + 1).IndexOf(System.Text.Encoding.ASCII.GetBytes(text));
            Assert.True(found >= 0, $"'{text}' is not in the log");
            at += 1 + found;
        }

        return at;
    }

    private static int LastUsed(byte[] log, int body)
    {
        int end = body;
        while (log[end] is >= (byte)'a' and <= (byte)'z')
            end++;
        return end;
    }
}
