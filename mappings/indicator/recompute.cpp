#include <algorithm>
#include <set>

#include "mappings/indicator/update.hpp"

namespace baselined::mappings {

namespace {

/// One bit a record: found in one pass over an ordered list instead of one search a record.
class Recurring {
  public:
    void mark(RecordId id) {
        const auto index = static_cast<std::size_t>(id);
        if (index >= bits_.size()) bits_.resize(index + index / 2 + 64);
        bits_[index] = true;
    }
    [[nodiscard]] bool has(RecordId id) const {
        const auto index = static_cast<std::size_t>(id);
        return index < bits_.size() && bits_[index];
    }

  private:
    std::vector<bool> bits_;
};

/// Walks a group list in order and marks each record that another one precedes within the time.
class RecurrencePass {
  public:
    RecurrencePass(Millis within, const RecordSource& records) : within_(within), records_(records) {}

    void take(const Posting& posting) {
        if (!tied_.empty() && (posting.hash != tied_.front().hash || posting.at != tied_.front().at))
            close_tie();
        tied_.push_back(posting);
    }

    Recurring finish() {
        close_tie();
        return std::move(recurring_);
    }

  private:
    void close_tie() {
        if (tied_.empty()) return;
        const Posting& first = tied_.front();
        const bool preceded =
            previous_ && previous_->hash == first.hash && first.at - previous_->at <= within_;
        const RecordId smallest = tied_.size() == 1 || preceded ? first.record : smallest_id();
        for (const Posting& posting : tied_)
            if (preceded || posting.record != smallest) recurring_.mark(posting.record);
        previous_ = first;
        tied_.clear();
    }

    [[nodiscard]] RecordId smallest_id() const {
        RecordId smallest = 0;
        std::string smallest_text;
        for (const Posting& posting : tied_) {
            Record record;
            std::int64_t source = 0;
            records_.load(posting.record, record, source);
            if (smallest != 0 && !is_smaller_id(record.id(), smallest_text)) continue;
            smallest = posting.record;
            smallest_text = record.id();
        }
        return smallest;
    }

    Millis within_;
    const RecordSource& records_;
    std::vector<Posting> tied_;
    std::optional<Posting> previous_;
    Recurring recurring_;
};

class BulkRelations final : public Relations {
  public:
    BulkRelations(const std::vector<CompiledRelation>& relations, const std::vector<Recurring>& recurring,
                  const PostedRelations& posted, RecordId id)
        : relations_(relations), recurring_(recurring), posted_(posted), id_(id) {}

    [[nodiscard]] bool holds(std::size_t index, const Record& record) const override {
        if (relations_[index].form == CompiledRelation::Form::recurs) return recurring_[index].has(id_);
        return posted_.holds(index, record);
    }

  private:
    const std::vector<CompiledRelation>& relations_;
    const std::vector<Recurring>& recurring_;
    const PostedRelations& posted_;
    RecordId id_;
};

class Recomputation {
  public:
    Recomputation(const IndicatorSet& set, std::span<const std::size_t> series, const PostingIndex& postings,
                  ListNumbers lists, const RecordSource& records)
        : set_(set),
          postings_(postings),
          lists_(lists),
          records_(records),
          series_of_(set.indicator_count()) {
        for (const std::size_t index : series) series_of_[set.series(index).indicator].push_back(index);
        recurring_.resize(set.indicator_count());
        for (std::size_t index = 0; index < set.indicator_count(); ++index)
            if (!series_of_[index].empty()) find_recurring(index);
    }

    std::map<TallyKey, Tally> run(const RecordScan& scan) {
        std::set<Kind> kinds;
        for (std::size_t index = 0; index < set_.indicator_count(); ++index)
            if (!series_of_[index].empty()) kinds.insert(set_.indicator(index).kind());
        for (const Kind kind : kinds)
            scan(kind, [&](RecordId id, std::int64_t source, const Record& record) {
                count(kind, id, source, record);
            });
        for (auto& [key, tally] : tallies_) {
            std::sort(tally.values.begin(), tally.values.end());
            std::sort(tally.spans.begin(), tally.spans.end());
        }
        return std::move(tallies_);
    }

  private:
    void find_recurring(std::size_t index) {
        for (const CompiledRelation& relation : set_.indicator(index).share_relations) {
            RecurrencePass pass(relation.within, records_);
            if (relation.form == CompiledRelation::Form::recurs)
                postings_.visit_all_postings(lists_[relation.own_list],
                                             [&](const Posting& posting) { pass.take(posting); });
            recurring_[index].push_back(pass.finish());
        }
    }

    void count(Kind kind, RecordId id, std::int64_t source, const Record& record) {
        for (std::size_t index = 0; index < set_.indicator_count(); ++index) {
            const CompiledIndicator& indicator = set_.indicator(index);
            if (indicator.kind() != kind || series_of_[index].empty()) continue;
            const PostedRelations where(set_, indicator, indicator.where_relations, postings_, lists_,
                                        records_, id, source);
            const PostedRelations posted(set_, indicator, indicator.share_relations, postings_, lists_,
                                         records_, id, source);
            const BulkRelations share(indicator.share_relations, recurring_[index], posted, id);
            placements_.clear();
            place(indicator, record, where, share, placements_);
            if (placements_.empty()) continue;
            for (const std::size_t series : series_of_[index])
                if (set_.series(series).scope.evaluate(record, where)) add(series, record.id());
        }
    }

    void add(std::size_t series, std::string_view record_id) {
        for (const Placement& placement : placements_) {
            const Contribution contribution = contribution_of(placement, set_.series(series), record_id);
            Tally& tally = tallies_[{series, contribution.period}];
            tally.count += contribution.count;
            tally.sum += contribution.sum;
            tally.digest += contribution.digest;
            if (contribution.value) tally.values.push_back(*contribution.value);
            if (contribution.span) tally.spans.push_back(*contribution.span);
        }
    }

    const IndicatorSet& set_;
    const PostingIndex& postings_;
    ListNumbers lists_;
    const RecordSource& records_;
    std::vector<std::vector<std::size_t>> series_of_;
    std::vector<std::vector<Recurring>> recurring_;
    std::vector<Placement> placements_;
    std::map<TallyKey, Tally> tallies_;
};

}  // namespace

std::map<TallyKey, Tally> recompute(const IndicatorSet& set, std::span<const std::size_t> series,
                                    const RecordScan& scan, const PostingIndex& postings, ListNumbers lists,
                                    const RecordSource& records) {
    return Recomputation(set, series, postings, lists, records).run(scan);
}

}  // namespace baselined::mappings
