using Quintet.Chassis.Idempotency;
using Xunit;

namespace Quintet.Chassis.Tests.Idempotency;

public sealed class KeyTurnsTests
{
    private readonly KeyTurns _turns = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_with_one_key_go_one_after_another_and_one_that_gives_up_holds_up_nobody()
    {
        IDisposable first = await _turns.TakeAsync("k1", Cancellation);
        using CancellationTokenSource gone = new();
        Task<IDisposable> second = _turns.TakeAsync("k1", gone.Token);
        Task<IDisposable> third = _turns.TakeAsync("k1", Cancellation);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(third.IsCompleted);
        first.Dispose();

        (await third).Dispose();
        (await _turns.TakeAsync("k1", Cancellation)).Dispose();
    }

    [Fact]
    public async Task Another_key_waits_for_nobody()
    {
        using IDisposable first = await _turns.TakeAsync("k1", Cancellation);

        using IDisposable second = await _turns.TakeAsync("k2", Cancellation);
    }
}
