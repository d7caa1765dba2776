namespace Quintet.Supervision.Builds;

/// <summary>What stands in <c>apps/&lt;service&gt;/&lt;n&gt;.json</c> beside a published application; it is written last, so a
/// folder without it is unfinished.</summary>
/// <param name="Fingerprint">Of the sources it was built from.</param>
/// <param name="Assembly">The name of its main assembly without <c>.dll</c>.</param>
internal sealed record BuildStamp(string Fingerprint, string Assembly);

/// <summary>A published application, ready to run.</summary>
/// <param name="Number">Its number below <c>apps/&lt;service&gt;/</c>.</param>
/// <param name="Folder">Where it lies.</param>
/// <param name="Assembly">The name of its main assembly without <c>.dll</c>.</param>
internal sealed record AppBuild(int Number, string Folder, string Assembly);
