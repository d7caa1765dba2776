using Quintet.ConfigServer.Access;
using Quintet.ConfigServer.Http;
using Quintet.ConfigServer.Sources;

namespace Quintet.ConfigServer.Environments;

/// <summary>Finds what a request asks for, for those who may have it.</summary>
internal sealed class EnvironmentLookup(Labels labels)
{
    /// <exception cref="RequestRefused">403, 404 for an unknown label, or 500 when the label was never readable.</exception>
    public async ValueTask<EffectiveEnvironment> FindAsync(Grant grant, EnvironmentName name, string? label, CancellationToken cancellationToken)
    {
        LabelFeed feed = await FeedAsync(grant, name, label, cancellationToken);
        return Of(feed.View, name, feed.Name);
    }

    /// <summary>The feed of a label, for one who may read this environment.</summary>
    public async ValueTask<LabelFeed> FeedAsync(Grant grant, EnvironmentName name, string? label, CancellationToken cancellationToken)
    {
        if (!grant.MayRead(name.Applications.Split(','), name.Profiles.Split(',')))
            throw RequestRefused.Forbidden($"the token '{grant.Name}' may not read this application in these profiles");
        try
        {
            return await labels.FindAsync(label, cancellationToken) ?? throw RequestRefused.NotFound($"No such label: {label ?? labels.DefaultLabel}");
        }
        catch (RepositoryException fault)
        {
            throw RequestRefused.Unserved(fault.Message);
        }
    }

    public static EffectiveEnvironment Of(LabelView view, EnvironmentName name, string label)
    {
        if (view.IsGone) throw RequestRefused.NotFound($"No such label: {label}");
        return view.Good?.EnvironmentOf(name)
            ?? throw RequestRefused.Unserved($"the label '{label}' cannot be served: {view.Fault}");
    }
}
