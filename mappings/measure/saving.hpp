// A measure's money: what was promised, what has come, what is likely to come.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mappings/indicator/definition.hpp"
#include "mappings/measure/definition.hpp"
#include "mappings/measure/planned_values.hpp"

namespace baselined::mappings {

struct Saving {
    std::string currency;
    double target = 0, expected = 0;
    std::optional<double> actual, actual_se;  ///< empty: the evidence is not there, so nothing is claimed
    double forecast = 0;   ///< actual so far, periods after the target date too, and what is to come until it
    double by_target = 0;  ///< forecast to stand at the target date: of the same periods as `target`
    double volume_effect = 0;  ///< what fewer or more cases did; never part of the saving
};

struct SavingInput {
    const MeasureDefinition* measure = nullptr;  ///< with a unit_value; all of these outlive the call
    const IndicatorDefinition* indicator = nullptr;
    const PlannedValues* planned = nullptr;
    Rule rule = Rule::share;
    double reported_baseline = 0;
    Baseline baseline;                  ///< as the filter sees it
    std::vector<PeriodFigure> settled;  ///< from t = 1 on
    std::vector<PeriodFigure> before;   ///< of the baseline's window; empty where it is stated
    int periods = 0;                    ///< from t = 1 to the target date
    double landing_level = 0;           ///< how much of the reduction will be there by then
};

/// See method.md, "Money".
Saving saving_of(const SavingInput& input);

}  // namespace baselined::mappings
