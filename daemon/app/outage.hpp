// Why a source as a whole is not reached, kept while it lasts: readings go on asking for minutes before they
// fail, and whoever looks meanwhile should see it.
#pragma once

#include <string>

#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Within a transaction. An empty reason: it is reached again.
void note_outage(const std::string& source, const std::string& reason, Store& store);
/// Empty: there is none.
std::string outage_of(const std::string& source, Store& store);
/// Why the stream is not read: its last reading's failure, or its source's outage. Empty: all is well.
std::string error_of(const StoredStream& stream, Store& store);

}  // namespace baselined::daemon
