#include "daemon/app/remapping.hpp"

#include <fmt/format.h>

#include <set>

#include "daemon/app/block_mapper.hpp"

namespace baselined::daemon {

namespace {

constexpr int blocks_at_once = 32;

std::string position_fact(SourceId source) {
    return fmt::format("mapping_position:{}", source);
}

class Remapping {
  public:
    Remapping(Portfolio& portfolio, Store& store, RecordKeeper& keeper)
        : portfolio_(portfolio), store_(store), keeper_(keeper) {}

    void run() {
        std::set<SourceId> changed;
        {
            Transaction transaction(store_);
            for (const StreamPlan& plan : portfolio_.streams()) {
                const StoredStream stream = store_.stream(plan.source->name, plan.stream->name);
                const bool is_changed =
                    !stream.mapping_digest.empty() && stream.mapping_digest != plan.digest;
                if (is_changed || store_.fact(position_fact(stream.source))) changed.insert(stream.source);
            }
            transaction.commit();
        }
        for (const SourceId source : changed) map_anew(source);
    }

  private:
    void map_anew(SourceId source) {
        {
            Transaction transaction(store_);
            keeper_.forget(source);
            for (const StreamPlan& plan : portfolio_.streams()) {
                StoredStream stream = store_.stream(plan.source->name, plan.stream->name);
                if (stream.source != source) continue;
                stream.mapping_digest = plan.digest;
                store_.save_stream(stream);
            }
            store_.set_fact(position_fact(source), "0");
            transaction.commit();
        }
        BlockId position = 0;
        for (;;) {
            auto blocks = store_.blocks_after(source, position, blocks_at_once);
            Transaction transaction(store_);
            for (RawBlock& block : blocks) map_block(block);
            if (!blocks.empty()) position = blocks.back().id;
            keeper_.flush();
            if (blocks.empty()) store_.clear_fact(position_fact(source));
            transaction.commit();
            if (blocks.empty()) return;
        }
    }

    void map_block(RawBlock& block) {
        for (StreamPlan& plan : portfolio_.streams()) {
            const StoredStream stream = store_.stream(plan.source->name, plan.stream->name);
            if (stream.id != block.stream) continue;
            BlockMapper mapper(plan, stream, store_, keeper_);
            mapper.bind(block.shape);
            mapper.map(block);
            store_.save_block_counts(block);
        }
    }

    Portfolio& portfolio_;
    Store& store_;
    RecordKeeper& keeper_;
};

}  // namespace

void map_changed_sources(Portfolio& portfolio, Store& store, RecordKeeper& keeper) {
    Remapping(portfolio, store, keeper).run();
}

}  // namespace baselined::daemon
