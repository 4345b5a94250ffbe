// All indicators and series that a configuration needs, with the posting lists that their relations share.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mappings/indicator/series.hpp"
#include "mappings/record/digest.hpp"

namespace baselined::mappings {

/// Which records stand in a posting list, and under what.
struct PostingList {
    enum class Role { group, names, namers, followed, followers };
    Role role = Role::group;
    Kind kind = Kind::incident;
    std::vector<Slot> slots;  ///< group, followed, followers: all present and equal; else: any of
    std::optional<Slot> at;   ///< absent: postings have no instant
    std::optional<std::size_t> indicator;  ///< only records that pass this indicator's own `where`
    std::string digest;                    ///< names the list for ever
};

class IndicatorSet {
  public:
    /// `schemas` and `zone` outlive the set.
    IndicatorSet(const Schemas& schemas, const date::time_zone* zone) : schemas_(schemas), zone_(zone) {}

    /// Adds a definition, or finds it by its canonical text. Problems mean: not added.
    std::optional<std::size_t> add(const IndicatorDefinition& definition, Problems& problems);
    /// Adds a series of it, or finds it. A scope with a field that the kind does not have is a problem.
    std::optional<std::size_t> add_series(std::size_t indicator, const ConditionDefinition& scope,
                                          PeriodLength period, Problems& problems);

    [[nodiscard]] const CompiledIndicator& indicator(std::size_t index) const { return indicators_[index]; }
    [[nodiscard]] std::size_t indicator_count() const { return indicators_.size(); }
    [[nodiscard]] const Series& series(std::size_t index) const { return series_[index]; }
    [[nodiscard]] std::size_t series_count() const { return series_.size(); }
    [[nodiscard]] std::span<const std::size_t> series_of(std::size_t indicator) const {
        return series_of_[indicator];
    }
    [[nodiscard]] const PostingList& list(std::size_t index) const { return lists_[index]; }
    [[nodiscard]] std::size_t list_count() const { return lists_.size(); }

    /// The record's postings in one list; none when it does not stand there.
    void postings_of(std::size_t list, RecordId id, std::int64_t source, const Record& record,
                     std::vector<Posting>& postings) const;

  private:
    void add_lists(std::size_t indicator);
    std::size_t add_list(PostingList list);

    const Schemas& schemas_;
    const date::time_zone* zone_;
    std::deque<CompiledIndicator> indicators_;  // a deque: addresses stay
    std::deque<Series> series_;
    std::vector<std::vector<std::size_t>> series_of_;
    std::vector<PostingList> lists_;
};

/// The hash under which records with these values meet; empty unless all are present.
/// Of one source only: the same name elsewhere is another thing.
std::optional<std::uint64_t> hash_of(std::int64_t source, const Record& record, std::span<const Slot> slots);

}  // namespace baselined::mappings
