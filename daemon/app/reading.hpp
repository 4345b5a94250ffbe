// Reads every stream to its end: files to rows, rows to the store and its records, page by page.
#pragma once

#include <string>
#include <vector>

#include "daemon/app/portfolio.hpp"
#include "daemon/app/record_keeper.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// A stream, or one file of it, that could not be read.
struct ReadingFailure {
    std::string source, stream;
    std::string text;
};

/// Reads what changed since the last time. A file that is broken is told, the others go on. Transactions hold
/// a page's rows and records together: killed anywhere, the next reading goes on where this one stood.
std::vector<ReadingFailure> read_all(Portfolio& portfolio, Store& store, RecordKeeper& keeper, Instant now);

}  // namespace baselined::daemon
