// A measure as `status --json` shows it, wherever it is shown.
#pragma once

#include "daemon/app/evaluation.hpp"
#include "daemon/cli/json.hpp"

namespace baselined::daemon {

void write_measure(Json& json, const MeasureView& view);

/// "ID  NAME" for a terminal; the id alone where it has no name of its own.
std::string heading_of(const mappings::MeasureDefinition& measure);

/// What is shown of a period's figure, by form (design: "Numerator and denominator").
std::optional<double> shown_numerator(const mappings::IndicatorDefinition& indicator,
                                      const mappings::PeriodFigure& figure);
std::optional<double> shown_denominator(const mappings::IndicatorDefinition& indicator,
                                        const mappings::PeriodFigure& figure);

}  // namespace baselined::daemon
