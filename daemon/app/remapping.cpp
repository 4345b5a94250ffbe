#include "daemon/app/remapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "daemon/app/block_mapper.hpp"

namespace baselined::daemon {

namespace {

constexpr int blocks_at_once = 32;
/// In place of the digest of a stream's mappings.
constexpr std::string_view removed = "removed";

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
                if (is_changed) changed.insert(stream.source);
            }
            for (const StoredStream& stream : store_.streams())
                if (store_.fact(position_fact(stream.source))) changed.insert(stream.source);
            for (StoredStream& stream : removed_streams()) {
                changed.insert(stream.source);
                // The position says what is left to do, should it be killed before the records are gone.
                stream.mapping_digest = removed;
                store_.save_stream(stream);
                if (!store_.fact(position_fact(stream.source)))
                    store_.set_fact(position_fact(stream.source), "0");
            }
            transaction.commit();
        }
        for (const SourceId source : changed) map_anew(source);
    }

  private:
    /// Streams that made records and that the configuration no longer names. Their records leave the figures;
    /// their rows stay, and are mapped anew should the stream come back.
    std::vector<StoredStream> removed_streams() {
        std::vector<StoredStream> gone;
        for (StoredStream& stream : store_.streams()) {
            const auto is_it = [&](const StreamPlan& plan) {
                return plan.source->name == stream.source_name && plan.stream->name == stream.name;
            };
            const auto& plans = portfolio_.streams();
            if (!stream.mapping_digest.empty() && stream.mapping_digest != removed &&
                std::none_of(plans.begin(), plans.end(), is_it))
                gone.push_back(std::move(stream));
        }
        return gone;
    }

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
