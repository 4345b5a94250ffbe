// What one evaluation finds and keeps, the same for `once` and for the daemon.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "daemon/alert/telling.hpp"
#include "daemon/app/baselines.hpp"
#include "daemon/app/evaluation.hpp"
#include "daemon/app/record_keeper.hpp"

namespace baselined::daemon {

struct Judgement {
    std::vector<MeasureView> views;
    Tellings tellings;              ///< planned only: remember_tellings() is the caller's
    std::vector<StatusTurn> turns;  ///< whose Potential Status is another now
    std::vector<Thaw> thaws;
};

/// Whether what was read just now was read to its end: only then what is there says something of its time.
enum class Reading { complete, partial };

/// Freezes, judges and keeps what changed. Within the caller's transaction, figures rebuilt before.
/// `untried_sources`: see plan_tellings.
Judgement judge(Portfolio& portfolio, Store& store, RecordKeeper& keeper, Books& books, Instant now,
                Reading reading, const std::set<std::string>& untried_sources = {});

}  // namespace baselined::daemon
