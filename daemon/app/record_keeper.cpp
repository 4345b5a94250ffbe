#include "daemon/app/record_keeper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "daemon/store/packed_key.hpp"

namespace baselined::daemon {

namespace {

using mappings::Posting;
using mappings::Tally;

/// Below this many changes differences are always cheaper than a pass over the records.
constexpr std::int64_t smallest_bulk = 5'000;
/// More than one record in so many has changed: a pass over all is cheaper.
constexpr std::int64_t bulk_share = 10;
/// Postings sorted in memory before they go into the list's tree: 24 bytes each.
constexpr std::size_t postings_at_once = 1'000'000;

bool reads(const mappings::IndicatorSet& set, std::size_t series, Kind kind) {
    const auto kinds = mappings::kinds_used(set.indicator(set.series(series).indicator).definition);
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

std::string snapshots_fact(std::int64_t series) {
    return fmt::format("snapshots_from:{}", series);
}

}  // namespace

RecordKeeper::RecordKeeper(Store& store, const mappings::IndicatorSet& set) : store_(store), set_(set) {
    Transaction transaction(store);
    for (std::size_t index = 0; index < set.series_count(); ++index)
        series_.push_back(store.series(set.series(index).digest));
    for (std::size_t index = 0; index < set.list_count(); ++index)
        lists_.push_back(store.posting_list(set.list(index).digest));
    store.drop_series_except(series_);
    store.drop_lists_except(lists_);
    known_before_ = store.record_count_bound();
    transaction.commit();
}

void RecordKeeper::mark_stale(Kind kind) {
    if (!stale_.insert(kind).second) return;
    for (std::size_t list = 0; list < set_.list_count(); ++list)
        if (set_.list(list).kind == kind) store_.set_list_built(lists_[list], false);
    for (std::size_t series = 0; series < set_.series_count(); ++series)
        if (reads(set_, series, kind)) set_built(series, false);
}

void RecordKeeper::set_built(std::size_t series, bool built) {
    store_.set_built(series_[series], built);
    told_changes_.series.insert(series);
}

bool RecordKeeper::is_bulk() {
    return changed_ > std::max(smallest_bulk, known_before_ / bulk_share) || known_before_ == 0;
}

KeptRecord RecordKeeper::put(const IncomingRecord& incoming) {
    const Record& record = *incoming.record;
    const RecordKey key = record_key_of(incoming.source, record.kind(), record.id());
    const auto head = store_.find(key);
    if (!head) {
        const RecordId id = store_.insert(key, incoming.stream, incoming.place, incoming.row_hash, record);
        note_change(id, incoming.source, std::nullopt, &record);
        return {id};
    }
    const mappings::Value updated = record.get(mappings::slot_updated_at);
    // A row of an instance or site that does not say when it was updated says how it is now.
    const bool is_as_of_now = incoming.went_back || (!updated.present && incoming.place.origin != 0);
    if (!is_as_of_now && (updated.present ? updated.integer : INT64_MIN) < head->updated_at)
        return {head->id};
    if (incoming.is_repeated && !store_.is_of_file(head->id, incoming.file)) return {head->id, true};
    if (head->row_hash == incoming.row_hash) {
        store_.touch(head->id, incoming.place, incoming.row_hash);
        return {head->id};
    }
    std::optional<Record> before;
    if (!is_bulk() && !changes_.contains(head->id)) {
        before.emplace();
        SourceId source = 0;
        store_.load(head->id, *before, source);
    }
    store_.update(head->id, incoming.stream, incoming.place, incoming.row_hash, record);
    note_change(head->id, incoming.source, std::move(before), &record);
    return {head->id};
}

void RecordKeeper::remove(RecordId id) {
    Record before;
    SourceId source = 0;
    if (!store_.load(id, before, source)) return;
    store_.remove(id);
    note_change(id, source, std::move(before), nullptr);
}

void RecordKeeper::note_change(RecordId id, SourceId source, std::optional<Record> before,
                               const Record* after) {
    ++changed_;
    const Kind kind = after != nullptr ? after->kind() : before->kind();
    told_changes_.kinds.insert(kind);
    if (is_bulk() || stale_.contains(kind)) {
        mark_stale(kind);
        return;
    }
    auto [change, is_new] = changes_.try_emplace(id);
    if (is_new) change->second = {source, std::move(before), std::nullopt};
    change->second.after = after != nullptr ? std::make_optional(*after) : std::nullopt;
}

void RecordKeeper::flush() {
    if (changes_.empty()) return;
    // Once bulk, always bulk: a kind that is stale would be changed by differences against nothing.
    if (is_bulk()) {
        for (const auto& [id, change] : changes_)
            mark_stale(change.after ? change.after->kind() : change.before->kind());
        changes_.clear();
        return;
    }
    std::vector<mappings::RecordChange> changes;
    for (const auto& [id, change] : changes_)
        changes.push_back({id, change.source, change.before ? &*change.before : nullptr,
                           change.after ? &*change.after : nullptr});
    apply(mappings::update(set_, changes, store_, lists_, store_));
    changes_.clear();
}

void RecordKeeper::apply(const mappings::TallyDeltas& deltas) {
    for (const auto& [key, delta] : deltas) {
        const std::int64_t series = series_[key.first];
        if (!store_.is_built(series)) continue;
        Tally tally = store_.tally(series, key.second);
        if (!mappings::apply(delta, tally))
            throw StoreError(ErrorCode::corrupt,
                             "the store's tallies do not match its records: restore a copy");
        store_.save_tally(series, key.second, tally);
        told_changes_.series.insert(key.first);
        ++cells_recomputed_;
    }
}

void RecordKeeper::mark_all_stale() {
    for (std::size_t kind = 0; kind < mappings::kind_count; ++kind) {
        told_changes_.kinds.insert(static_cast<Kind>(kind));
        mark_stale(static_cast<Kind>(kind));
    }
}

/// In one pass over the records, however many lists there are.
void RecordKeeper::fill_lists(Kind kind, const std::vector<std::size_t>& lists) {
    std::vector<std::vector<Posting>> postings(lists.size());
    const auto write = [&](std::size_t index) {
        std::sort(postings[index].begin(), postings[index].end());
        store_.insert_postings(lists_[lists[index]], postings[index]);
        postings[index].clear();
    };
    store_.scan(kind, [&](RecordId id, SourceId source, const Record& record) {
        for (std::size_t index = 0; index < lists.size(); ++index) {
            set_.postings_of(lists[index], id, source, record, postings[index]);
            if (postings[index].size() >= postings_at_once / lists.size()) write(index);
        }
    });
    for (std::size_t index = 0; index < lists.size(); ++index) write(index);
}

void RecordKeeper::rebuild_lists() {
    std::map<Kind, std::vector<std::size_t>> unbuilt;
    for (std::size_t list = 0; list < set_.list_count(); ++list)
        if (!store_.is_list_built(lists_[list])) unbuilt[set_.list(list).kind].push_back(list);
    for (const auto& [kind, lists] : unbuilt) {
        Transaction transaction(store_);
        for (const std::size_t list : lists) store_.clear_postings(lists_[list]);
        fill_lists(kind, lists);
        for (const std::size_t list : lists) store_.set_list_built(lists_[list], true);
        transaction.commit();
    }
}

void RecordKeeper::rebuild_series() {
    std::vector<std::size_t> rebuilt;
    for (std::size_t index = 0; index < set_.series_count(); ++index)
        if (!store_.is_built(series_[index])) rebuilt.push_back(index);
    if (rebuilt.empty()) return;
    Transaction transaction(store_);
    for (const std::size_t index : rebuilt) store_.clear_tallies(series_[index]);
    const auto scan = [&](Kind kind, const auto& visit) { store_.scan(kind, visit); };
    for (const auto& [key, tally] : mappings::recompute(set_, rebuilt, scan, store_, lists_, store_)) {
        store_.save_tally(series_[key.first], key.second, tally);
        ++cells_recomputed_;
    }
    for (const std::size_t index : rebuilt) set_built(index, true);
    transaction.commit();
}

void RecordKeeper::rebuild() {
    rebuild_lists();
    rebuild_series();
    stale_.clear();
    changed_ = 0;
    known_before_ = store_.record_count_bound();
}

void RecordKeeper::take_snapshots(Instant now) {
    for (std::size_t index = 0; index < set_.series_count(); ++index) {
        const mappings::Series& series = set_.series(index);
        if (set_.indicator(series.indicator).form() != mappings::Form::snapshot) continue;
        const auto since = store_.fact(snapshots_fact(series_[index]));
        if (!since || !store_.is_built(series_[index])) continue;
        const Tally known = store_.tally(series_[index], mappings::all_of_time);
        const auto hits = static_cast<std::int64_t>(known.sum.value());
        auto period = series.calendar.containing(Instant{mappings::Millis{std::stoll(*since)}});
        for (; period.end <= now; period = series.calendar.after(period)) {
            store_.save_snapshot(series_[index], period.begin, known.count, hits);
            told_changes_.series.insert(index);
        }
    }
}

void RecordKeeper::allow_snapshots(Instant now) {
    for (std::size_t index = 0; index < set_.series_count(); ++index) {
        if (set_.indicator(set_.series(index).indicator).form() != mappings::Form::snapshot) continue;
        const std::string fact = snapshots_fact(series_[index]);
        if (!store_.fact(fact)) store_.set_fact(fact, std::to_string(now.time_since_epoch().count()));
    }
}

}  // namespace baselined::daemon
