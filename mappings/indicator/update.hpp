// Keeps tallies current: by the difference that changed records make, or from all records anew. Both agree
// always.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "mappings/indicator/indicator_set.hpp"

namespace baselined::mappings {

/// One record before and after; a null pointer: it was not there, or is no more. An id change is two changes.
struct RecordChange {
    RecordId id = 0;
    std::int64_t source = 0;
    const Record* before = nullptr;
    const Record* after = nullptr;
};

/// A tally's address: the series' number in the IndicatorSet, and when the period begins.
using TallyKey = std::pair<std::size_t, Instant>;
using TallyDeltas = std::map<TallyKey, TallyDelta>;

/// The persistent numbers of an IndicatorSet's posting lists, in its order.
using ListNumbers = std::span<const std::int64_t>;

/// Applies the changes to the posting lists and returns what they change in the tallies of those series that
/// `is_kept` accepts. Cost follows the changes and their neighbours, not the history.
/// `records` gives the state before the changes or after them: only records that are not among them are asked
/// for.
TallyDeltas update(const IndicatorSet& set, std::span<const RecordChange> changes, PostingIndex& postings,
                   ListNumbers lists, const RecordSource& records);

/// All records of one kind, in any order.
using RecordScan =
    std::function<void(Kind, const std::function<void(RecordId, std::int64_t source, const Record&)>&)>;

/// The tallies of the given series from all records; the posting lists must be current.
std::map<TallyKey, Tally> recompute(const IndicatorSet& set, std::span<const std::size_t> series,
                                    const RecordScan& scan, const PostingIndex& postings, ListNumbers lists,
                                    const RecordSource& records);

/// Whether a relation of the indicator holds for one record, asked of the posting lists.
class PostedRelations final : public Relations {
  public:
    PostedRelations(const IndicatorSet& set, const CompiledIndicator& indicator,
                    const std::vector<CompiledRelation>& relations, const PostingIndex& postings,
                    ListNumbers lists, const RecordSource& records, RecordId id, std::int64_t source)
        : set_(set),
          indicator_(indicator),
          relations_(relations),
          postings_(postings),
          lists_(lists),
          records_(records),
          id_(id),
          source_(source) {}

    [[nodiscard]] bool holds(std::size_t relation, const Record& record) const override;

  private:
    [[nodiscard]] bool recurs(const CompiledRelation& relation, const Record& record) const;
    [[nodiscard]] bool is_named(const CompiledRelation& relation, const Record& record) const;
    [[nodiscard]] bool is_followed(const CompiledRelation& relation, const Record& record) const;
    [[nodiscard]] bool any_other(std::size_t list, std::uint64_t hash, Instant from, Instant to) const;

    const IndicatorSet& set_;
    const CompiledIndicator& indicator_;
    const std::vector<CompiledRelation>& relations_;
    const PostingIndex& postings_;
    ListNumbers lists_;
    const RecordSource& records_;
    RecordId id_;
    std::int64_t source_;
};

/// "The smaller id": as numbers when both are digits only, else as text.
bool is_smaller_id(std::string_view a, std::string_view b);

}  // namespace baselined::mappings
