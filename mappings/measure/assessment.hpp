// A measure's assessment: from its figures to both statuses, the forecast, the money and the reasons. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mappings/indicator/calendar.hpp"
#include "mappings/indicator/definition.hpp"
#include "mappings/measure/definition.hpp"
#include "mappings/measure/realisation.hpp"
#include "mappings/measure/saving.hpp"

namespace baselined::mappings {

enum class PotentialStatus { on_track, weakening, off_track, unknown };
enum class ImplementationStatus { on_track, delayed, blocked, done, unknown };
std::string_view name_of(PotentialStatus status);
std::string_view name_of(ImplementationStatus status);

struct Reason {
    std::string code;
    std::string text;  ///< a sentence for the owner
};

/// One period from t = 1 on.
struct TrackPeriod {
    Period period;
    std::string label;
    PeriodFigure figure;
};

/// An action, finding or mapped milestone that serves the measure.
struct ActionFigure {
    std::string number;
    std::optional<Instant> due, closed;
    std::string blocked_by;
};

/// The newest settled value of the adoption signal since the measure began.
struct AdoptionFigure {
    std::optional<double> value;  ///< empty: it was never measured
    std::string period;           ///< label of the period that the value is of
    bool is_newest = true;        ///< of the newest settled period: it was measured until now
    std::string unit;             ///< of the adoption's indicator: ratio, hours, count ...
};

struct AssessmentInput {
    const MeasureDefinition* measure = nullptr;  ///< outlives the call
    const IndicatorDefinition* indicator = nullptr;
    const Calendar* calendar = nullptr;
    Instant now;
    std::vector<PeriodFigure> baseline_periods;  ///< of the frozen window; empty for a stated baseline
    PeriodFigure baseline;                       ///< as reported: pooled, or as stated
    bool is_frozen = false;
    std::vector<Reason> causes;   ///< why the status cannot be known, whatever the figures say
    std::optional<Period> first;  ///< t = 1, begun or not; empty while nothing says when the measure begins
    std::vector<TrackPeriod> track;  ///< from t = 1, settled and not, to the running period
    std::vector<ActionFigure> actions, findings;
    std::vector<ActionFigure> milestones;    ///< mapped ones, besides the measure's own
    std::optional<AdoptionFigure> adoption;  ///< empty: no signal, or none of its periods has settled
};

/// What is known after one settled period.
struct TrackPoint {
    TrackPeriod at;
    std::optional<double> expected;  ///< planned value
    std::optional<double> realised, p_deliver;
    PotentialStatus status = PotentialStatus::unknown;
};

struct ForecastPoint {
    std::string label;
    double value = 0, low = 0, high = 0;
};

struct Assessment {
    PotentialStatus potential = PotentialStatus::unknown;
    ImplementationStatus implementation = ImplementationStatus::unknown;
    std::vector<Reason> reasons;       ///< of the Potential Status
    std::vector<Reason> work_reasons;  ///< of the Implementation Status
    std::optional<double> target;      ///< in the indicator's own direction
    /// When it is due: as written, else the last day of the period in which the ramp is complete. Empty while
    /// the first period is not known.
    std::optional<Day> due;
    bool is_due_past = false;
    std::optional<double> reduction;  ///< R
    std::optional<double> realised, drift, p_deliver;
    std::optional<ForecastPoint> forecast;  ///< at the target date
    std::vector<ForecastPoint> fan;         ///< one a period to come
    std::vector<TrackPoint> track;
    std::optional<Saving> saving;
    bool is_comparable = true;         ///< false: its definition changed and nobody accepted it yet
    std::string sentence;              ///< the one of method.md; empty while nothing is known
    std::optional<Baseline> baseline;  ///< as the filter sees it
    bool is_mirrored = false;          ///< `baseline` is in the other direction than the indicator

    /// Target saving minus forecast saving at the target date, at least 0; empty: no value of a unit is
    /// known.
    [[nodiscard]] std::optional<double> money_at_risk() const;
    /// The baseline's process limits for a period over n, in the indicator's own direction.
    [[nodiscard]] std::optional<Limits> limits(double n) const;
};

Assessment assess(const AssessmentInput& input);

/// Which rule an indicator follows; empty where method.md has none (counts of which more is better).
std::optional<Rule> rule_of(const IndicatorDefinition& indicator);
/// The relative reduction that a target asks for; empty when there is no baseline value to take it from.
std::optional<double> reduction_of(const TargetDefinition& target, double baseline, Rule rule,
                                   bool is_higher_better);
/// How the work goes, and what blocks or delays it: one reason for each cause of that status.
struct Implementation {
    ImplementationStatus status = ImplementationStatus::unknown;
    std::vector<Reason> reasons;
};
/// A milestone that is marked done on a day to come is open until that day.
Implementation implementation_of(const MeasureDefinition& measure, const std::vector<ActionFigure>& actions,
                                 const std::vector<ActionFigure>& mapped_milestones, const Calendar& calendar,
                                 Instant now);
/// Length of a period in months: the unit of the filter's constants.
double months_of(PeriodLength length);

}  // namespace baselined::mappings
