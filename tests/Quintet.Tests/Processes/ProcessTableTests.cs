using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Quintet.Supervision.Ports;
using Quintet.Supervision.Processes;
using Xunit;

namespace Quintet.Quintet.Tests.Processes;

public sealed class ProcessTableTests
{
    [Fact]
    public void A_process_is_known_by_its_start_and_not_by_its_id_alone()
    {
        ProcessIdentity self = ProcessTable.Identify(Environment.ProcessId)!.Value;

        Assert.True(ProcessTable.IsAlive(self));
        Assert.False(ProcessTable.IsAlive(self with { StartTicks = self.StartTicks - 1 }));
        Assert.Null(ProcessTable.Identify(int.MaxValue));
    }

    [Fact]
    public void Processes_are_found_by_their_whole_variables_only()
    {
        string run = Guid.NewGuid().ToString("n");
        ProcessStartInfo info = new("/usr/bin/tail", ["-f", "/dev/null"]) { Environment = { ["QUINTET_RUN"] = run } };
        using Process process = Process.Start(info)!;
        try
        {
            Assert.Equal([process.Id], ProcessTable.WithEnvironment($"QUINTET_RUN={run}").Select(p => p.Pid));
            Assert.Empty(ProcessTable.WithEnvironment($"QUINTET_RUN={run[..^1]}"));
            Assert.Empty(ProcessTable.WithEnvironment($"UINTET_RUN={run}"));
            Assert.Equal(1, Leftovers.Kill(run));
            process.WaitForExit();
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    [Fact]
    public void The_holder_of_a_port_is_named()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(1);
        int port = ((IPEndPoint)socket.LocalEndPoint!).Port;

        Assert.False(FreePorts.IsFree(port));
        Assert.Contains($"process {Environment.ProcessId} (", PortHolder.Describe(port), StringComparison.Ordinal);
    }

    [Fact]
    public void Free_ports_are_given_once()
    {
        FreePorts ports = new();

        int[] given = [.. Enumerable.Range(0, 200).Select(_ => ports.Take())];

        Assert.Equal(200, given.Distinct().Count());
        Assert.All(given, port => Assert.InRange(port, 1024, 32767));
    }
}
