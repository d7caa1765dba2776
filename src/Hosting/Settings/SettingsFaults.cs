using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Quintet.Hosting.Settings;

/// <summary>Finds what is wrong in a section of configuration; each fault begins with its key.</summary>
internal static class SettingsFaults
{
    /// <summary>Unknown keys and values that cannot become the property's type.</summary>
    public static IReadOnlyList<string> OfSection(IConfigurationSection section, Type type)
    {
        List<string> faults = [];
        Check(section, type, faults);
        return faults;
    }

    /// <summary>Broken DataAnnotations rules of an options object and of the objects below it.</summary>
    public static IReadOnlyList<string> OfRules(string path, object options)
    {
        List<string> faults = [];
        CheckRules(path, options, faults);
        return faults;
    }

    private static void Check(IConfigurationSection section, Type type, List<string> faults)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (IsLeaf(type)) CheckValue(section, type, faults);
        else if (DictionaryValue(type) is { } valueType) Each(section, valueType, faults);
        else if (ElementOf(type) is { } element) Each(section, element, faults);
        else CheckMembers(section, type, faults);
    }

    private static void Each(IConfigurationSection section, Type type, List<string> faults)
    {
        foreach (IConfigurationSection child in section.GetChildren()) Check(child, type, faults);
    }

    private static void CheckMembers(IConfigurationSection section, Type type, List<string> faults)
    {
        PropertyInfo[] members = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (IConfigurationSection child in section.GetChildren())
        {
            PropertyInfo? member = Array.Find(members, m => string.Equals(m.Name, child.Key, StringComparison.OrdinalIgnoreCase));
            if (member is null)
                faults.Add($"{child.Path}: unknown setting; known here: {string.Join(", ", members.Select(m => m.Name))}");
            else
                Check(child, member.PropertyType, faults);
        }
    }

    private static void CheckValue(IConfigurationSection section, Type type, List<string> faults)
    {
        if (section.Value is null || type == typeof(string)) return;
        try
        {
            TypeDescriptor.GetConverter(type).ConvertFromInvariantString(section.Value);
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            faults.Add($"{section.Path}: '{section.Value}' is not {Describe(type)}");
        }
    }

    private static void CheckRules(string path, object options, List<string> faults)
    {
        foreach (PropertyInfo member in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (member.GetIndexParameters().Length > 0) continue;
            object? value = member.GetValue(options);
            string key = $"{path}:{member.Name}";
            foreach (ValidationAttribute rule in member.GetCustomAttributes<ValidationAttribute>())
            {
                ValidationResult? result = rule.GetValidationResult(value, new ValidationContext(options) { MemberName = member.Name });
                if (result is not null) faults.Add($"{key}: {result.ErrorMessage}");
            }

            if (value is null || IsLeaf(member.PropertyType)) continue;
            if (value is IDictionary map)
                foreach (DictionaryEntry entry in map) Nested($"{key}:{entry.Key}", entry.Value, faults);
            else if (value is IEnumerable list)
                foreach ((int index, object? item) in list.Cast<object?>().Index()) Nested($"{key}:{index}", item, faults);
            else
                CheckRules(key, value, faults);
        }
    }

    private static void Nested(string key, object? item, List<string> faults)
    {
        if (item is not null && !IsLeaf(item.GetType())) CheckRules(key, item, faults);
    }

    private static bool IsLeaf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(string) || TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string));
    }

    private static Type? ElementOf(Type type) =>
        type.IsArray ? type.GetElementType()
        : typeof(IEnumerable).IsAssignableFrom(type) && type.IsGenericType ? type.GetGenericArguments()[^1]
        : null;

    private static Type? DictionaryValue(Type type) =>
        type.IsGenericType && type.GetGenericArguments().Length == 2 && typeof(IEnumerable).IsAssignableFrom(type)
            ? type.GetGenericArguments()[1]
            : null;

    private static string Describe(Type type) =>
        type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
        : type == typeof(TimeSpan) ? "a time span such as 00:00:30"
        : type == typeof(bool) ? "true or false"
        : type == typeof(int) || type == typeof(long) ? "a whole number"
        : $"a {type.Name}";
}
