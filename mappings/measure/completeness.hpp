// How complete a young period is: estimated from how earlier ones filled up (method.md, "Periods, lateness,
// honesty").
#pragma once

#include <vector>

#include "mappings/measure/plan.hpp"

namespace baselined::mappings {

/// One earlier period: what was known of it at the same age, and what it came to when it settled.
struct Ripening {
    PeriodFigure young;
    PeriodFigure settled;
};

/// The share c of a period's events that are known at that age: of shares, relative to the cases known then.
/// 1 with fewer than three earlier periods, for measurements, and where periods do not grow with age.
double completeness_of(Rule rule, const std::vector<Ripening>& earlier);

/// The figure as it is shown while it is provisional: y/(c n), a count y/c; a share at most 1.
PeriodFigure completed(const PeriodFigure& figure, Rule rule, double completeness);

}  // namespace baselined::mappings
