#include "daemon/app/store_facts.hpp"

namespace baselined::daemon {

StoreFacts store_facts(Portfolio& portfolio, Store& store, RecordKeeper& keeper) {
    StoreFacts facts;
    facts.cells_recomputed = keeper.take_cells_recomputed();
    for (const StreamPlan& plan : portfolio.streams()) {
        const StoredStream stream = store.stream(plan.source->name, plan.stream->name);
        facts.streams[{plan.source->name, plan.stream->name}] = {store.counts(stream.id), stream.complete_at};
    }
    facts.outbox.by_state = store.delivery_counts();
    facts.outbox.oldest_waiting = store.oldest_waiting_delivery();
    return facts;
}

}  // namespace baselined::daemon
