// The rows that a file had before it changed: what it only says again is no news.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// How a file stands to what is stored of it.
struct FormerFile {
    FileId id = 0;                      ///< 0: it was never met
    std::vector<std::uint64_t> blocks;  ///< digests of those that it has in the store
    bool is_begun = false;              ///< it is being taken as it is now, and was looked through before
};

/// Counts rows by their digests: of two that are alike and one former, one is new. 16 bytes a row.
class FormerRows {
  public:
    FormerRows() = default;
    /// Of a file's blocks from this place on, and of those that it had before while it is being read anew.
    /// Rows that are kept no longer (`retention: raw`) count as never said.
    FormerRows(FileId file, std::int64_t from_ordinal, Store& store);

    /// Whether there was such a row that was not found yet.
    bool find(std::uint64_t digest);
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    /// The place in the file of the first block that held any.
    [[nodiscard]] std::int64_t first_ordinal() const { return first_ordinal_; }

  private:
    struct Row {
        std::uint64_t digest = 0;
        std::int64_t left = 0;
    };
    std::vector<Row> rows_;  ///< by their digests
    std::int64_t first_ordinal_ = INT64_MAX;
};

}  // namespace baselined::daemon
