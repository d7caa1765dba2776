using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Quintet.TestKit.Traffic;

/// <summary>Waits for a moment to within some ten microseconds, without taking a core for it: timers of the runtime are good to a millisecond.</summary>
public static partial class Pause
{
    private const int Monotonic = 1;
    private const int Absolute = 1;

    /// <param name="timestamp">Of <see cref="Stopwatch"/>, which counts nanoseconds of the same clock on Linux.</param>
    public static void Until(long timestamp)
    {
        TimeSpec until = new() { Seconds = timestamp / Stopwatch.Frequency, Nanoseconds = timestamp % Stopwatch.Frequency };
        while (Native.Sleep(Monotonic, Absolute, until, 0) != 0)
        {
            // a signal came between
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    private static partial class Native
    {
        [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
        public static partial int Sleep(int clock, int flags, in TimeSpec until, nint left);
    }
}
