#include "mappings/indicator/update.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace baselined::mappings {

namespace {

constexpr Instant no_instant{};
constexpr Instant end_of_time{Millis{INT64_MAX}};

/// One indicator over a record that did not change itself, but whose relations may have.
using Affected = std::set<std::pair<std::size_t, RecordId>>;

struct LoadedRecord {
    Record record;
    std::int64_t source = 0;
};

/// The records as the changes know them, and all others as they are stored. Ids are all that relations ask of
/// others, and those do not change.
class ChangedRecords final : public RecordSource {
  public:
    ChangedRecords(std::span<const RecordChange> changes, const RecordSource& stored) : stored_(stored) {
        for (const RecordChange& change : changes) changes_.emplace(change.id, &change);
    }

    bool load(RecordId id, Record& record, std::int64_t& source) const override {
        const auto found = changes_.find(id);
        if (found == changes_.end()) return stored_.load(id, record, source);
        const RecordChange& change = *found->second;
        record = change.after != nullptr ? *change.after : *change.before;
        source = change.source;
        return true;
    }

  private:
    const RecordSource& stored_;
    std::unordered_map<RecordId, const RecordChange*> changes_;
};

class Update {
  public:
    Update(const IndicatorSet& set, std::span<const RecordChange> changes, PostingIndex& postings,
           ListNumbers lists, const RecordSource& records)
        : set_(set), changes_(changes), postings_(postings), lists_(lists), records_(changes, records) {
        for (const RecordChange& change : changes) changed_.insert(change.id);
    }

    TallyDeltas run() {
        find_affected();
        count_all(Sign::minus);
        change_postings();
        count_all(Sign::plus);
        drop_empty_deltas();
        return std::move(deltas_);
    }

  private:
    enum class Sign { plus, minus };

    void find_affected() {
        for (std::size_t index = 0; index < set_.indicator_count(); ++index) {
            const CompiledIndicator& indicator = set_.indicator(index);
            for (const auto* relations : {&indicator.where_relations, &indicator.share_relations})
                for (const CompiledRelation& relation : *relations)
                    for (const RecordChange& change : changes_)
                        for (const Record* version : {change.before, change.after})
                            if (version != nullptr) find_affected_by(index, relation, change, *version);
        }
    }

    void find_affected_by(std::size_t index, const CompiledRelation& relation, const RecordChange& change,
                          const Record& version) {
        found_.clear();
        set_.postings_of(relation.other_list, change.id, change.source, version, found_);
        for (const Posting& posting : found_) switch (relation.form) {
                case CompiledRelation::Form::recurs:
                    affect_successors(index, relation, posting);
                    break;
                case CompiledRelation::Form::named_by:
                    affect(index, relation.own_list, posting.hash, no_instant, no_instant);
                    break;
                case CompiledRelation::Form::followed_by:
                    affect(index, relation.own_list, posting.hash, posting.at - relation.within, posting.at);
                    break;
            }
    }

    /// Whether a record recurs hangs on the one right before it alone: a change reaches those at the same
    /// instant (their order is by id) and the next ones after it.
    void affect_successors(std::size_t index, const CompiledRelation& relation, const Posting& posting) {
        std::optional<Instant> next;
        postings_.visit_postings(lists_[relation.own_list], posting.hash, posting.at, end_of_time,
                                 [&](const Posting& other) {
                                     if (other.at > posting.at) {
                                         if (next && other.at > *next) return false;
                                         // A changed record may go away: then the next one after it is
                                         // reached by that record's own change.
                                         next = other.at;
                                     }
                                     add_affected(index, other.record);
                                     return true;
                                 });
    }

    void affect(std::size_t index, std::size_t list, std::uint64_t hash, Instant from, Instant to) {
        postings_.visit_postings(lists_[list], hash, from, to, [&](const Posting& other) {
            add_affected(index, other.record);
            return true;
        });
    }

    void add_affected(std::size_t index, RecordId id) {
        if (!changed_.contains(id)) affected_.insert({index, id});
    }

    void count_all(Sign sign) {
        for (const RecordChange& change : changes_) {
            const Record* version = sign == Sign::minus ? change.before : change.after;
            if (version == nullptr) continue;
            for (std::size_t index = 0; index < set_.indicator_count(); ++index)
                if (set_.indicator(index).kind() == version->kind())
                    count(index, change.id, change.source, *version, sign);
        }
        for (const auto& [index, id] : affected_) {
            const LoadedRecord& loaded = load(id);
            count(index, id, loaded.source, loaded.record, sign);
        }
    }

    const LoadedRecord& load(RecordId id) {
        auto [known, is_new] = loaded_.try_emplace(id);
        if (is_new) records_.load(id, known->second.record, known->second.source);
        return known->second;
    }

    void count(std::size_t index, RecordId id, std::int64_t source, const Record& record, Sign sign) {
        const CompiledIndicator& indicator = set_.indicator(index);
        const PostedRelations where(set_, indicator, indicator.where_relations, postings_, lists_, records_,
                                    id, source);
        const PostedRelations share(set_, indicator, indicator.share_relations, postings_, lists_, records_,
                                    id, source);
        placements_.clear();
        place(indicator, record, where, share, placements_);
        for (const std::size_t series : set_.series_of(index)) {
            if (placements_.empty() || !set_.series(series).scope.evaluate(record, where)) continue;
            for (const Placement& placement : placements_)
                add(series, contribution_of(placement, set_.series(series), record.id()), sign);
        }
    }

    void add(std::size_t series, const Contribution& contribution, Sign sign) {
        TallyDelta& delta = deltas_[{series, contribution.period}];
        if (sign == Sign::plus) {
            delta.count += contribution.count;
            delta.sum += contribution.sum;
            delta.digest += contribution.digest;
            if (contribution.value) delta.values_added.push_back(*contribution.value);
            if (contribution.span) delta.spans_added.push_back(*contribution.span);
        } else {
            delta.count -= contribution.count;
            delta.sum -= contribution.sum;
            delta.digest -= contribution.digest;
            if (contribution.value) delta.values_removed.push_back(*contribution.value);
            if (contribution.span) delta.spans_removed.push_back(*contribution.span);
        }
    }

    void change_postings() {
        for (const RecordChange& change : changes_)
            for (std::size_t list = 0; list < set_.list_count(); ++list) change_postings(list, change);
    }

    void change_postings(std::size_t list, const RecordChange& change) {
        std::vector<Posting> old, current;
        if (change.before != nullptr) set_.postings_of(list, change.id, change.source, *change.before, old);
        if (change.after != nullptr) set_.postings_of(list, change.id, change.source, *change.after, current);
        if (old == current) return;
        for (const Posting& posting : old) postings_.erase_posting(lists_[list], posting);
        for (const Posting& posting : current) postings_.insert_posting(lists_[list], posting);
    }

    void drop_empty_deltas() {
        for (auto entry = deltas_.begin(); entry != deltas_.end();) {
            TallyDelta& delta = entry->second;
            std::sort(delta.values_added.begin(), delta.values_added.end());
            std::sort(delta.values_removed.begin(), delta.values_removed.end());
            std::sort(delta.spans_added.begin(), delta.spans_added.end());
            std::sort(delta.spans_removed.begin(), delta.spans_removed.end());
            const bool is_empty = delta.count == 0 && delta.sum == ExactSum{} && delta.digest == 0 &&
                                  delta.values_added == delta.values_removed &&
                                  delta.spans_added == delta.spans_removed;
            entry = is_empty ? deltas_.erase(entry) : std::next(entry);
        }
    }

    const IndicatorSet& set_;
    std::span<const RecordChange> changes_;
    PostingIndex& postings_;
    ListNumbers lists_;
    ChangedRecords records_;
    std::unordered_set<RecordId> changed_;
    Affected affected_;
    std::unordered_map<RecordId, LoadedRecord> loaded_;
    TallyDeltas deltas_;
    std::vector<Posting> found_;
    std::vector<Placement> placements_;
};

}  // namespace

TallyDeltas update(const IndicatorSet& set, std::span<const RecordChange> changes, PostingIndex& postings,
                   ListNumbers lists, const RecordSource& records) {
    return Update(set, changes, postings, lists, records).run();
}

}  // namespace baselined::mappings
