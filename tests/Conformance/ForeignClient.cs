using Quintet.TestKit.Files;
using Quintet.TestKit.Processes;
using Xunit;

namespace Quintet.Conformance;

/// <summary>Runs a script in another language with a client library that nobody here wrote; its exit code is the verdict.</summary>
internal static class ForeignClient
{
    public static Task NodeAsync(string script, params (string Key, string? Value)[] environment)
    {
        string folder = Repository.At("tests", "Conformance", "clients", "node");
        Need.NodeModules(folder);
        return RunAsync(Need.Program("node", "nodejs"), Path.Combine(folder, script), environment);
    }

    public static Task PythonAsync(string script, params (string Key, string? Value)[] environment) =>
        RunAsync(Need.Python, Repository.At("tests", "Conformance", "clients", "python", script), environment);

    private static async Task RunAsync(string program, string script, (string Key, string? Value)[] environment)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Eventually.Deadline);
        await using ChildProcess client = ChildProcess.Start(
            program, [script], Path.GetDirectoryName(script), environment.ToDictionary(e => e.Key, e => e.Value));
        try
        {
            await client.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{Path.GetFileName(script)} did not end. It said:\n{client.Output}");
        }

        Assert.True(client.ExitCode == 0, $"{Path.GetFileName(script)} ended with {client.ExitCode}:\n{client.Output}");
    }
}
