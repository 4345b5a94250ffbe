// Posting lists: records ordered by (hash of what they share, instant), so that a record finds its
// neighbours.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "mappings/record/record.hpp"

namespace baselined::mappings {

using RecordId = std::int64_t;  ///< the store's own number of a record; never reused

struct Posting {
    std::uint64_t hash = 0;
    Instant at;
    RecordId record = 0;
    friend auto operator<=>(const Posting&, const Posting&) = default;
};

/// Ordered lists of postings, each addressed by a number. Implemented by the store, and in memory by tests.
class PostingIndex {
  public:
    virtual ~PostingIndex() = default;
    virtual void insert_posting(std::int64_t list, const Posting& posting) = 0;
    virtual void erase_posting(std::int64_t list, const Posting& posting) = 0;
    /// Visits those of the hash from `from` to `to`, both included, in order, until the visitor returns
    /// false. The visitor must not visit postings itself.
    virtual void visit_postings(std::int64_t list, std::uint64_t hash, Instant from, Instant to,
                                const std::function<bool(const Posting&)>& visit) const = 0;
    /// All of the list, ordered by hash, instant and record.
    virtual void visit_all_postings(std::int64_t list,
                                    const std::function<void(const Posting&)>& visit) const = 0;
};

/// Gives a stored record by its number.
class RecordSource {
  public:
    virtual ~RecordSource() = default;
    /// False when there is none.
    virtual bool load(RecordId id, Record& record, std::int64_t& source) const = 0;
};

}  // namespace baselined::mappings
