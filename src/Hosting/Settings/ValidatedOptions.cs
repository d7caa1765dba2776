using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Quintet.Hosting.Settings;

/// <summary>Binds an options type to its section and refuses to start on any fault, naming every faulty key at once.</summary>
public static class ValidatedOptions
{
    /// <summary>
    /// Binds <typeparamref name="TOptions"/> to <paramref name="section"/>. Unknown keys, values of the wrong kind and broken
    /// <c>System.ComponentModel.DataAnnotations</c> rules, nested ones included, are collected into one
    /// <see cref="OptionsValidationException"/> when the host starts. Cross-field rules: register an <see cref="IValidateOptions{TOptions}"/>.
    /// </summary>
    public static OptionsBuilder<TOptions> AddValidatedOptions<TOptions>(
        this IServiceCollection services, IConfiguration configuration, string section)
        where TOptions : class
    {
        IConfigurationSection bound = configuration.GetSection(section);
        services.AddSingleton<IOptionsChangeTokenSource<TOptions>>(new ConfigurationChangeTokenSource<TOptions>(bound));
        return services.AddOptions<TOptions>()
            .Configure(options =>
            {
                // A faulty section is left unbound; the validator below then says what is wrong with all of it.
                if (SettingsFaults.OfSection(bound, typeof(TOptions)).Count == 0) bound.Bind(options);
            })
            .ValidateOnStart()
            .Services.AddSingleton<IValidateOptions<TOptions>>(new SectionValidator<TOptions>(bound))
            .AddOptions<TOptions>();
    }

    private sealed class SectionValidator<TOptions>(IConfigurationSection section) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            List<string> faults = [.. SettingsFaults.OfSection(section, typeof(TOptions)), .. SettingsFaults.OfRules(section.Path, options)];
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
