// A measure as `status --json` shows it, wherever it is shown.
#pragma once

#include "daemon/app/evaluation.hpp"
#include "daemon/cli/json.hpp"

namespace baselined::daemon {

void write_measure(Json& json, const MeasureView& view);

/// What is shown of a period's figure, by form (design: "Numerator and denominator").
std::optional<double> shown_numerator(const mappings::IndicatorDefinition& indicator,
                                      const mappings::PeriodFigure& figure);
std::optional<double> shown_denominator(const mappings::IndicatorDefinition& indicator,
                                        const mappings::PeriodFigure& figure);

}  // namespace baselined::daemon
