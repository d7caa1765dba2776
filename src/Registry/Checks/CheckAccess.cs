using Quintet.Registry.Access;
using Quintet.Registry.Http;
using Quintet.Registry.Tables;

namespace Quintet.Registry.Checks;

/// <summary>Who may change a check: who may write its service; a check of the node itself belongs to management.</summary>
internal static class CheckAccess
{
    public static void Demand(Grant grant, NodeEntry node, CheckRow check)
    {
        bool isAllowed = check.ServiceId.Length == 0 ? grant.IsManagement : grant.MayWriteService(node.Instances[check.ServiceId].Row.Name);
        Call.Demand(isAllowed);
    }
}
