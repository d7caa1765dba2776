using System.Text;
using Quintet.Console.Parts;

namespace Quintet.Console.Pieces;

/// <summary>Turns values into the paths of a drawing. What is not known is a gap, never a zero.</summary>
internal static class Curve
{
    /// <summary>The line through the values, evenly spaced over the width, zero at the bottom.</summary>
    public static string Line(IReadOnlyList<double?> values, double width, double height, double top)
    {
        StringBuilder path = new();
        bool isGap = true;
        for (int index = 0; index < values.Count; index++)
        {
            if (values[index] is not { } value)
            {
                isGap = true;
                continue;
            }

            path.Append(isGap ? 'M' : 'L').Append(Figures.Point(X(index, values.Count, width))).Append(' ').Append(Figures.Point(Y(value, height, top)));
            isGap = false;
        }

        return path.ToString();
    }

    public static double X(int index, int count, double width) => count < 2 ? 0 : index * width / (count - 1);

    public static double Y(double value, double height, double top) => height - 1 - (value / top * (height - 2));

    /// <summary>A round number that all values are below; 1 when all are zero.</summary>
    public static double Top(IReadOnlyList<double?> values)
    {
        double most = values.Max() ?? 0;
        if (most <= 0) return 1;
        double power = Math.Pow(10, Math.Floor(Math.Log10(most)));
        double[] steps = [1, 2, 4, 5, 10];
        return steps.First(step => step * power >= most) * power;
    }
}
