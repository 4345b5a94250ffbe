// A mapping that changed is applied to the whole history, from the rows as they came.
#pragma once

#include "daemon/app/portfolio.hpp"
#include "daemon/app/record_keeper.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Makes all records of each source anew whose mappings differ from those that made them. How far this got is
/// stored with each step: killed, it goes on there.
void map_changed_sources(Portfolio& portfolio, Store& store, RecordKeeper& keeper);

}  // namespace baselined::daemon
