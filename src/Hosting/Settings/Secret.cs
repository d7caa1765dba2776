using System.ComponentModel;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Quintet.Hosting.Settings;

/// <summary>A credential that does not print itself: <see cref="ToString"/> gives <c>***</c>.</summary>
[TypeConverter(typeof(SecretConverter))]
public sealed class Secret(string value) : IEquatable<Secret>
{
    /// <summary>The credential in clear. Use it at the edge only, never in a log or an exception.</summary>
    public string Reveal() => value;

    /// <summary>Compares in a time that does not depend on where the two differ.</summary>
    public bool Matches(string? presented) =>
        presented is not null
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(presented)), SHA256.HashData(Encoding.UTF8.GetBytes(value)));

    /// <inheritdoc/>
    public bool Equals(Secret? other) => other is not null && Matches(other.Reveal());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <inheritdoc/>
    public override int GetHashCode() => value.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => "***";
}

internal sealed class SecretConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    public override object? ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => new Secret((string)value);
}
