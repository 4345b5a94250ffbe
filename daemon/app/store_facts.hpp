// What the store says of itself for the web pages, gathered on its own thread.
#pragma once

#include "daemon/app/observations.hpp"
#include "daemon/app/record_keeper.hpp"

namespace baselined::daemon {

struct StoreFacts {
    std::map<StreamName, StoredFacts> streams;
    OutboxFacts outbox;
    std::int64_t cells_recomputed = 0;  ///< since they were gathered last
};

StoreFacts store_facts(Portfolio& portfolio, Store& store, RecordKeeper& keeper);

}  // namespace baselined::daemon
