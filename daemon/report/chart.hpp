// A measure's chart: baseline with its limits, plan, actuals, provisional points and the forecast's fan.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace baselined::daemon {

/// One period on the time axis, oldest first. All values in the indicator's own unit and direction.
struct ChartPeriod {
    std::string label;
    bool baseline = false;  ///< inside the baseline's window
    bool settled = true;    ///< otherwise the value is provisional
    std::optional<double> value, expected, lower, upper;
    std::optional<double> forecast, forecast_low, forecast_high;  ///< periods to come
};

struct Chart {
    std::vector<ChartPeriod> periods;
    std::optional<double> baseline, target;
    std::string unit;  ///< "ratio" is drawn as percent
};

enum class ColourScheme { light, dark };

/// A self-contained SVG of 640 by 300 units. Drawn by cairo.
std::string draw_svg(const Chart& chart, ColourScheme scheme);
/// The same as PNG, `scale` pixels a unit.
std::string draw_png(const Chart& chart, ColourScheme scheme, double scale);
/// What the chart shows, in a sentence for those who cannot see it.
std::string describe(const Chart& chart);

}  // namespace baselined::daemon
