// What the realisation filter needs to know of a measure, as plain figures.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mappings/record/time.hpp"

namespace baselined::mappings {

/// Which of method.md's three rules an indicator follows. Higher-is-better is mirrored before.
enum class Rule { share, count, measurement };

enum class PeriodLength { day, week, month, quarter };
std::string_view name_of(PeriodLength period);

/// A share as people read it: 93 %.
std::string percent(double share);

/// One period's figure. Shares and counts: y of n. Measurements: value x over n records.
struct PeriodFigure {
    std::optional<double> value;  ///< as reported: y/n, the count, or the mean/median; null over nothing
    double numerator = 0;         ///< shares, ratio: y; mean: sum (hours); count, sum, backlog: the value
    double denominator = 0;   ///< n; for count and backlog 1; for measurements the records that have a value
    double completeness = 1;  ///< c; 1 when settled
    bool settled = true;
};

/// A measurement of 0 is no value: nothing was measured, or not yet booked.
inline bool has_value(Rule rule, const PeriodFigure& figure) {
    return figure.value && (rule != Rule::measurement || *figure.value > 0);
}

}  // namespace baselined::mappings
