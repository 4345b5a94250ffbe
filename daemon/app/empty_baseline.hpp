// Baselines that would be made of nothing: a frozen one is for good, so of no records none is frozen.
#pragma once

#include <string>
#include <vector>

#include "daemon/app/baselines.hpp"

namespace baselined::daemon {

/// For people: what a baseline over this window lacks, and what to do about it. Empty where records of the
/// measure make it, where its value is stated, or where it is a true zero: a count (sum, backlog, ratio,
/// uptime) without a record in the window, of a scope that has some at another time, while records of the
/// kind lie in the window. May read all records of the kind.
std::string nothing_behind(const MeasurePlan& plan, const std::vector<mappings::Period>& window,
                           const Portfolio& portfolio, Store& store, FigureBook& figures, Instant now);

/// Frozen of no value, or of no record, by a version that did not ask whether it is a true zero.
bool is_of_nothing(const FrozenBaseline& frozen);

}  // namespace baselined::daemon
