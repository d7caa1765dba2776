using System.Globalization;
using System.Text;

namespace Quintet.Broker.Management.Metrics;

/// <summary>Writes Prometheus' text format 0.0.4: per metric its type, its help, and a line a sample.</summary>
internal sealed class PrometheusText(string prefix)
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();
    private string _current = "";

    /// <summary>Begins a metric; its samples follow.</summary>
    public void Begin(string name, string type, string help)
    {
        _current = prefix + name;
        _text.Append("# TYPE ").Append(_current).Append(' ').Append(type).Append('\n')
            .Append("# HELP ").Append(_current).Append(' ').Append(help).Append('\n');
    }

    public void Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(_current);
        if (labels.Length > 0)
        {
            _text.Append('{');
            for (int index = 0; index < labels.Length; index++)
            {
                if (index > 0) _text.Append(',');
                _text.Append(labels[index].Name).Append("=\"");
                Escape(labels[index].Value);
                _text.Append('"');
            }

            _text.Append('}');
        }

        _text.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    public void Gauge(string name, string help, double value)
    {
        Begin(name, "gauge", help);
        Sample(value);
    }

    public void Counter(string name, string help, double value)
    {
        Begin(name, "counter", help);
        Sample(value);
    }

    public override string ToString() => _text.ToString();

    // Names come from clients: a quote, a backslash or a line break must not end the label.
    private void Escape(string value)
    {
        foreach (char letter in value)
            _ = letter switch
            {
                '\\' => _text.Append("\\\\"),
                '"' => _text.Append("\\\""),
                '\n' => _text.Append("\\n"),
                _ => _text.Append(letter),
            };
    }
}
