namespace Quintet.Doctor;

/// <summary>What a machine should have. Below the first number of a pair the doctor warns, below the second a start will fail.</summary>
internal sealed record MachineNeeds
{
    /// <summary>Free octets where the state is: three builds of each service, logs and the boxes' data go there. The second is what one build takes.</summary>
    public (long Warn, long Fault) FreeBytes { get; init; } = (2L << 30, 200L << 20);

    /// <summary>Open files of one process. A connection takes one, a queue of the broker a few; 1024 is what an untouched shell has.</summary>
    public (long Warn, long Fault) OpenFiles { get; init; } = (8192, 512);

    /// <summary>Instances of inotify of one user. A .NET process takes one for each settings file it watches, an editor or two the rest; 128 is the
    /// kernel's default.</summary>
    public (long Warn, long Fault) InotifyInstances { get; init; } = (128, 32);
}
