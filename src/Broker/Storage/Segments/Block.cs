namespace Quintet.Broker.Storage.Segments;

internal sealed class Block
{
    internal void Release() => throw new NotImplementedException();
}
