// Whether a measure's promise can be computed at all: what only measure and indicator together tell.
#pragma once

#include "mappings/indicator/definition.hpp"
#include "mappings/measure/definition.hpp"

namespace baselined::config {

/// Adds what is wrong with baseline and target, given what `indicator` is: values that it cannot have, a
/// target that is no reduction, windows without a period. Periods begin at midnight in `zone`.
void check_promise(const mappings::MeasureDefinition& measure, const mappings::IndicatorDefinition& indicator,
                   const date::time_zone* zone, Problems& problems);

/// The same of the floor of its adoption signal; the measure has one.
void check_adoption(const mappings::MeasureDefinition& measure, const mappings::IndicatorDefinition& adoption,
                    Problems& problems);

}  // namespace baselined::config
