using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Quintet.Broker.Tests.InProcess;

/// <summary>A log that a test looks into.</summary>
internal sealed class ListedLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public bool IsDisposed { get; private set; }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue(formatter(state, exception));

    public void Dispose() => IsDisposed = true;
}
