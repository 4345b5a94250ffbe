#include "mappings/measure/completeness.hpp"

#include <algorithm>

namespace baselined::mappings {

namespace {

constexpr std::size_t fewest_periods = 3;
/// Below this the estimate says more about chance than about the period.
constexpr double least_completeness = 0.1;

}  // namespace

double completeness_of(Rule rule, const std::vector<Ripening>& earlier) {
    if (rule == Rule::measurement || earlier.size() < fewest_periods) return 1;
    double known = 0, expected = 0;
    for (const Ripening& one : earlier) {
        if (!one.settled.value) continue;
        known += one.young.numerator;
        // Shares: what the cases known then came to, had they been ripe.
        expected += rule == Rule::share ? *one.settled.value * one.young.denominator : one.settled.numerator;
    }
    if (expected <= 0) return 1;
    return std::clamp(known / expected, least_completeness, 1.0);
}

PeriodFigure completed(const PeriodFigure& figure, Rule rule, double completeness) {
    PeriodFigure result = figure;
    result.completeness = completeness;
    if (!figure.value || rule == Rule::measurement) return result;
    result.value = *figure.value / completeness;
    if (rule == Rule::share) result.value = std::min(*result.value, 1.0);
    return result;
}

}  // namespace baselined::mappings
