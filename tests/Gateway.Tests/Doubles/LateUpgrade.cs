using Microsoft.AspNetCore.Http.Features;

namespace Quintet.Gateway.Tests.Doubles;

/// <summary>A request that asked for a WebSocket and gets its stream when the test says so.</summary>
internal sealed class LateUpgrade : IHttpUpgradeFeature
{
    public TaskCompletionSource<Stream> Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsUpgradableRequest => true;

    public Task<Stream> UpgradeAsync() => Opened.Task;
}
