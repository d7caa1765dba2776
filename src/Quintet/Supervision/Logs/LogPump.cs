namespace Quintet.Supervision.Logs;

/// <summary>
/// Reads one output stream of a process to its end and writes its lines to a log. It has a thread of its own: a blocking read on a pool
/// thread for each stream would leave none for the supervisor on a small machine.
/// </summary>
internal sealed class LogPump
{
    /// <summary>A longer line is cut into several: what a process writes must not decide how much memory the supervisor takes.</summary>
    public const int LineBytesMax = 16 << 10;

    private const int StackBytes = 256 << 10;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LogPump(Stream output, LogFile log) =>
        new Thread(() => Run(output, log), StackBytes) { IsBackground = true, Name = "log pump" }.Start();

    /// <summary>The stream has ended: nobody who could write to it is left.</summary>
    public Task Ended => _ended.Task;

    private void Run(Stream output, LogFile log)
    {
        byte[] buffer = new byte[LineBytesMax];
        int filled = 0;
        try
        {
            while (true)
            {
                int read = output.Read(buffer, filled, buffer.Length - filled);
                if (read == 0) break;
                filled = WriteLines(buffer, filled + read, log);
            }
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            // The pipe broke: the process is gone, and its end is reported elsewhere.
        }

        if (filled > 0) log.Write(buffer.AsSpan(0, filled));
        _ended.SetResult();
    }

    /// <summary>Writes the whole lines and moves the begun one to the front; gives its length.</summary>
    private static int WriteLines(byte[] buffer, int filled, LogFile log)
    {
        int start = 0;
        while (buffer.AsSpan(start, filled - start).IndexOf((byte)'\n') is >= 0 and int length)
        {
            log.Write(buffer.AsSpan(start, length).TrimEnd((byte)'\r'));
            start += length + 1;
        }

        int rest = filled - start;
        if (rest == buffer.Length)
        {
            log.Write(buffer.AsSpan(start, rest));
            return 0;
        }

        buffer.AsSpan(start, rest).CopyTo(buffer);
        return rest;
    }
}
