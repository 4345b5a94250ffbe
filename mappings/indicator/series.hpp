// A series: one indicator in one scope, cut into periods, and what a record contributes to it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mappings/indicator/calendar.hpp"
#include "mappings/indicator/compiled_indicator.hpp"
#include "mappings/indicator/postings.hpp"
#include "mappings/indicator/tally.hpp"

namespace baselined::mappings {

/// Snapshot and uptime keep one tally for all of time, under this period.
inline constexpr Instant all_of_time{Millis{0}};

/// What one record adds to one series' tally of one period.
struct Contribution {
    Instant period;
    std::int64_t count = 0;
    ExactSum sum;
    std::uint64_t digest = 0;
    std::optional<double> value;    ///< median, percentile
    std::optional<TallySpan> span;  ///< uptime
};

/// What a record brings to an indicator before any scope is looked at: placed, counted, measured.
/// Empty when the indicator does not count the record at all.
/// By form: count, share, sum, mean, median, percentile: one placement at `at`. backlog, age: one when it
/// begins, one that takes it back when it ends. uptime and snapshot: one under all_of_time.
struct Placement {
    Instant at;
    bool timeless = false;  ///< under all_of_time, not in the period of `at`
    std::int64_t count = 0;
    ExactSum sum;
    std::optional<double> value;
    std::optional<TallySpan> span;
};
void place(const CompiledIndicator& indicator, const Record& record, const Relations& where_relations,
           const Relations& share_relations, std::vector<Placement>& placements);

/// The span in milliseconds that the indicator measures on the record, `at_least` applied; empty without both
/// ends.
std::optional<std::int64_t> span_of(const CompiledIndicator& indicator, const Record& record);

struct Series {
    std::size_t indicator = 0;  ///< its number in the IndicatorSet
    Condition scope;
    Calendar calendar;
    std::string digest;  ///< names the series for ever: definition, scope, period, zone
};

/// The contribution of a placement to a series, whatever its scope says.
Contribution contribution_of(const Placement& placement, const Series& series, std::string_view record_id);

}  // namespace baselined::mappings
