// The measures' own milestones as records of the kind milestone, so that indicators count them.
#pragma once

#include "daemon/app/portfolio.hpp"
#include "daemon/app/record_keeper.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Brings the records in line with what the measures say now; in a transaction of its own.
void keep_own_milestones(Portfolio& portfolio, Store& store, RecordKeeper& keeper);

/// The source under which they stand; none of the configuration has its name.
SourceId own_milestones_source(Store& store);

}  // namespace baselined::daemon
