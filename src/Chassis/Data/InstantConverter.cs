using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Quintet.Chassis.Data;

/// <summary>Instants as milliseconds since 1970 in UTC: ordered and compared by every engine alike.</summary>
internal sealed class InstantConverter() : ValueConverter<DateTimeOffset, long>(
    instant => instant.ToUnixTimeMilliseconds(),
    milliseconds => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
