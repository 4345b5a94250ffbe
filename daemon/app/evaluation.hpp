// From the store to assessed measures: figures, baselines, freshness, governance facts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/app/books.hpp"
#include "mappings/measure/assessment.hpp"

namespace baselined::daemon {

struct LabelledFigure {
    std::string label;
    mappings::PeriodFigure figure;
};

struct DataState {
    bool fresh = false;
    std::optional<Instant> last_read_at, last_record_at;
};

struct MeasureView {
    const MeasurePlan* plan = nullptr;
    mappings::Assessment assessment;
    mappings::PeriodFigure baseline;  ///< as reported
    std::vector<LabelledFigure> baseline_periods;
    std::optional<StoredBaseline> frozen;
    std::string digest;                           ///< of the records behind the frozen baseline
    std::optional<mappings::TrackPeriod> actual;  ///< the newest settled period
    DataState data;
};

/// The measures as of `now`. Reads only.
std::vector<MeasureView> evaluate(Portfolio& portfolio, Store& store, Books& books, Instant now);

struct StatusTurn {
    std::string measure, before, after;  ///< Potential Status by name; before: empty for a new measure
};
/// Adds to the status history what changed; returns whose Potential Status did.
std::vector<StatusTurn> remember_statuses(const std::vector<MeasureView>& views, Store& store, Instant now);

/// All periods from the one that contains `from` to the one that contains `to`.
std::vector<mappings::Period> periods_between(const mappings::Calendar& calendar, Instant from, Instant to);

}  // namespace baselined::daemon
