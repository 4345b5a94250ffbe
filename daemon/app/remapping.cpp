#include "daemon/app/remapping.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/app/block_mapper.hpp"

namespace baselined::daemon {

namespace {

constexpr int blocks_at_once = 32;
/// In place of the digest of a stream's mappings.
constexpr std::string_view removed = "removed";
/// In place of a position: the source's records are still those of before.
constexpr std::string_view not_begun = "-1";

std::string position_fact(SourceId source) {
    return fmt::format("mapping_position:{}", source);
}
std::string left_fact(StreamId stream) {
    return fmt::format("mapping_left:{}", stream);
}

/// Null: the configuration names the stream no longer.
const StreamPlan* plan_of(Portfolio& portfolio, const StoredStream& stream) {
    const auto& plans = portfolio.streams();
    const auto plan = std::find_if(plans.begin(), plans.end(), [&](const StreamPlan& one) {
        return one.source->name == stream.source_name && one.stream->name == stream.name;
    });
    return plan == plans.end() ? nullptr : &*plan;
}

std::string foreseen_left(const StreamPlan* plan, Store& store, const StoredStream& stream) {
    if (stream.mapping_digest.empty() || stream.mapping_digest == (plan ? plan->digest : removed)) return {};
    const auto [rowless, all] = store.rowless_records(stream.id);
    const std::string name = fmt::format("{}/{}", stream.source_name, stream.name);
    if (plan == nullptr)
        return fmt::format(
            "{}: the configuration names it no longer: its {} records will leave the figures, and wait "
            "should it come back under this name",
            name, all);
    if (rowless == 0) return {};
    if (stream.mapping_digest == removed)
        return fmt::format(
            "{}: it comes back, and {} of its records will count as they were: their rows are kept no longer "
            "(`retention: raw`), so no mapping reaches them",
            name, rowless);
    return fmt::format(
        "{}: its mapping has changed, and of its {} records {} will keep what the mapping before made of "
        "them: their rows are kept no longer (`retention: raw`). Should they not count beside the others, "
        "undo the change, or have the source read again into a new store",
        name, all, rowless);
}

}  // namespace

Remapping::Remapping(Portfolio& portfolio, Store& store, RecordKeeper& keeper)
    : portfolio_(portfolio), store_(store), keeper_(keeper) {
    Transaction transaction(store_);
    for (StoredStream& stream : store_.streams()) {
        const bool is_changed = note_change(stream);
        const auto position = store_.fact(position_fact(stream.source));
        if (!is_changed && !position) continue;
        auto known = std::find_if(pending_.begin(), pending_.end(),
                                  [&](const Pending& one) { return one.id == stream.source; });
        if (known == pending_.end())
            known =
                pending_.insert(known, {stream.source_name, stream.source, position && *position != not_begun,
                                        position ? std::stoll(*position) : 0});
        known->goes_on = known->goes_on && !is_changed;
        // Killed before the first step, it is still known that there is one.
        if (is_changed) store_.set_fact(position_fact(stream.source), not_begun);
    }
    transaction.commit();
}

/// The records of a stream that the configuration no longer names leave the figures. They and its rows stay:
/// should it come back, the rows are mapped anew, and what has no row any more counts as it was.
bool Remapping::note_change(StoredStream& stream) {
    if (stream.mapping_digest.empty()) return false;  // it made no record yet
    if (const StreamPlan* plan = plan_of(portfolio_, stream)) return stream.mapping_digest != plan->digest;
    if (stream.mapping_digest == removed) return false;
    stream.mapping_digest = removed;
    store_.save_stream(stream);
    return true;
}

std::vector<std::string> Remapping::sources() const {
    std::vector<std::string> names;
    for (const Pending& source : pending_) names.push_back(source.name);
    return names;
}

bool Remapping::step() {
    if (pending_.empty()) return false;
    Pending& source = pending_.front();
    if (!source.goes_on) {
        begin(source);
        source.goes_on = true;
        source.position = 0;
        return true;
    }
    if (!map_some(source)) {
        tell(source.id);
        pending_.erase(pending_.begin());
    }
    return !pending_.empty();
}

void Remapping::begin(Pending& source) {
    Transaction transaction(store_);
    std::vector<StoredStream> streams = store_.streams();
    std::erase_if(streams, [&](const StoredStream& stream) { return stream.source != source.id; });
    const auto note = [&](const StoredStream& stream, std::int64_t left) {
        if (left > 0)
            store_.set_fact(left_fact(stream.id), std::to_string(left));
        else
            store_.clear_fact(left_fact(stream.id));
    };
    // First what leaves, so that a stream that comes back may have the same records.
    for (const StoredStream& stream : streams)
        if (stream.mapping_digest == removed) note(stream, store_.set_aside(stream.id));
    for (const StreamPlan& plan : portfolio_.streams()) {
        StoredStream stream = store_.stream(plan.source->name, plan.stream->name);
        if (stream.source != source.id) continue;
        stream.mapping_digest = plan.digest;
        store_.save_stream(stream);
        note(stream, store_.remove_what_rows_make(stream.id));
    }
    keeper_.mark_all_stale();
    store_.set_fact(position_fact(source.id), "0");
    transaction.commit();
}

void Remapping::tell(SourceId source) {
    for (const StoredStream& stream : store_.streams())
        if (std::string text = left_of(store_, stream); stream.source == source && !text.empty())
            left_.push_back(std::move(text));
}

bool Remapping::map_some(Pending& source) {
    auto blocks = store_.blocks_after(source.id, source.position, blocks_at_once);
    Transaction transaction(store_);
    for (RawBlock& block : blocks) map_block(block);
    if (!blocks.empty()) source.position = blocks.back().id;
    keeper_.flush();
    if (blocks.empty())
        store_.clear_fact(position_fact(source.id));
    else
        store_.set_fact(position_fact(source.id), std::to_string(source.position));
    transaction.commit();
    return !blocks.empty();
}

void Remapping::map_block(RawBlock& block) {
    for (StreamPlan& plan : portfolio_.streams()) {
        const StoredStream stream = store_.stream(plan.source->name, plan.stream->name);
        if (stream.id != block.stream) continue;
        BlockMapper mapper(plan, stream, store_, keeper_);
        mapper.bind(block.shape);
        mapper.map(block);
        store_.save_block_counts(block);
    }
}

std::string left_of(Store& store, const StoredStream& stream) {
    const auto left = store.fact(left_fact(stream.id));
    if (!left) return {};
    const std::string name = fmt::format("{}/{}", stream.source_name, stream.name);
    if (stream.mapping_digest == removed)
        return fmt::format(
            "{}: the configuration names it no longer; its {} records are set aside, and count "
            "again should it come back",
            name, *left);
    return fmt::format(
        "{}: {} records keep what the mapping before made of them: when it changed last, their "
        "rows were kept no longer (`retention: raw`)",
        name, *left);
}

std::vector<std::string> foreseen_left(Portfolio& portfolio, Store& store) {
    std::vector<std::string> sentences;
    for (const StoredStream& stream : store.streams())
        if (std::string text = foreseen_left(plan_of(portfolio, stream), store, stream); !text.empty())
            sentences.push_back(std::move(text));
    return sentences;
}

std::vector<std::string> map_changed_sources(Portfolio& portfolio, Store& store, RecordKeeper& keeper) {
    Remapping remapping(portfolio, store, keeper);
    while (remapping.step()) {
    }
    return remapping.left();
}

}  // namespace baselined::daemon
