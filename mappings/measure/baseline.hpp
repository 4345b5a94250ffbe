// A baseline as the filter sees it: level, overdispersion and how well it is known (method.md, "Baseline").
#pragma once

#include <optional>
#include <vector>

#include "mappings/measure/plan.hpp"

namespace baselined::mappings {

/// All in the direction in which lower is better: shares mirrored, measurements inverted.
struct Baseline {
    Rule rule = Rule::share;
    double level = 0;           ///< p0; measurements: exp of the mean logarithm
    double phi = 1;             ///< overdispersion; shares and counts
    double variance = 0;        ///< v: of one period's logarithm; measurements
    double level_variance = 0;  ///< v_b
    double mean_n = 0;          ///< mean denominator
    int periods = 0;            ///< m: those that have a value
};

/// A value in the direction in which lower is better, and back: the same function both ways.
double mirrored(Rule rule, double value);

/// From the window's periods; `is_higher_better` mirrors them first. Empty: no period has a value.
std::optional<Baseline> baseline_of(Rule rule, bool is_higher_better,
                                    const std::vector<PeriodFigure>& periods);
/// From a stated value over n, as one period: of a count or backlog n is how many it was taken from.
std::optional<Baseline> stated_baseline(Rule rule, bool is_higher_better, double value, double n);

/// How much one period can tell about a reduction R: below 0.25 nothing useful.
double measurability(const Baseline& baseline, double reduction);
inline constexpr double least_measurability = 0.25;

/// The chart's process limits for a period over n, in the mirrored direction.
struct Limits {
    double lower = 0, upper = 0;
};
std::optional<Limits> process_limits(const Baseline& baseline, double n);

}  // namespace baselined::mappings
