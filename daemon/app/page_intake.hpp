// Stores a page of an instance or site: rows, records, deletions and cursor in one transaction.
#pragma once

#include "connectors/page.hpp"
#include "daemon/app/portfolio.hpp"
#include "daemon/app/record_keeper.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Rows that say what is stored already change nothing, nor do versions older than the stored one, unless the
/// page is as of now: overlaps may be read as often as a connector likes.
void take_page(const connectors::Page& page, StreamPlan& plan, Store& store, RecordKeeper& keeper,
               Instant now);

}  // namespace baselined::daemon
