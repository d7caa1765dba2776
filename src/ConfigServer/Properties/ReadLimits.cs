namespace Quintet.ConfigServer.Properties;

/// <summary>What a reader of files may spend on one file.</summary>
/// <param name="DepthMax">Nesting of maps and lists.</param>
/// <param name="PropertiesMax">Flattened properties, counted after aliases are followed: an alias bomb ends here.</param>
internal sealed record ReadLimits(int DepthMax, int PropertiesMax);
