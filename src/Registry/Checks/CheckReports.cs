using System.Text;
using Quintet.Registry.Access;
using Quintet.Registry.Http;
using Quintet.Registry.Storage;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Checks;

/// <summary>
/// Takes what checks say. A report that changes nothing costs nothing: it sets the clock and writes no row. A new output alone is shown at
/// once, but moves the index only every <see cref="RegistryCheckOptions.OutputInterval"/>. A new status is a write.
/// </summary>
internal sealed class CheckReports(CommitLoop commits, CheckClocks clocks)
{
    public bool IsTtl(string checkId) => commits.State.Local.FindCheck(checkId)?.Plan?.Ttl > TimeSpan.Zero;

    /// <summary>The check, if the caller may speak for it.</summary>
    public CheckRow Demand(Grant grant, string checkId)
    {
        NodeEntry local = commits.State.Local;
        CheckRow check = local.FindCheck(checkId)
            ?? throw new RefusalException(404, $"Unknown check ID \"{checkId}\". Ensure that the check ID is passed, not the check name.");
        CheckAccess.Demand(grant, local, check);
        return check;
    }

    /// <summary>A heartbeat, from outside.</summary>
    public Task ReportAsync(Grant grant, string checkId, string status, string output)
    {
        CheckRow check = Demand(grant, checkId);
        if (check.Plan is not { Ttl.Ticks: > 0 } plan)
            throw new RefusalException(500, $"CheckID \"{checkId}\" does not have associated TTL");
        clocks.Beat(checkId);
        return RecordAsync(check, status, Cut(output, plan.OutputBytesMax));
    }

    /// <summary>What a check said. A check that was made anew meanwhile is left alone.</summary>
    /// <param name="seen">The check as it was when it was made.</param>
    /// <param name="status">What it says.</param>
    /// <param name="output">And why.</param>
    /// <param name="stillHolds">Asked once more when the row is written; null means always.</param>
    public Task RecordAsync(CheckRow seen, string status, string output, Func<bool>? stillHolds = null)
    {
        if (commits.State.Local.FindCheck(seen.Id) is { } now && now.Status == status && now.Output == output) return Task.CompletedTask;
        return commits.WriteAsync(draft =>
        {
            if (draft.State.Local.FindCheck(seen.Id) is not { } check || !check.IsMadeAs(seen) || stillHolds?.Invoke() == false) return;
            CheckRow said = check with { Status = status, Output = output };
            if (check.Status == status && !clocks.MayRaiseOutput(check.Id)) draft.ShowOutput(said);
            else draft.PutCheck(said);
        });
    }

    private static string Cut(string output, int bytesMax)
    {
        int bytes = Encoding.UTF8.GetByteCount(output);
        if (bytes <= bytesMax) return output;
        return $"{OutputText.Prefix(output, bytesMax)} ... (captured {bytesMax} of {bytes} bytes)";
    }
}
