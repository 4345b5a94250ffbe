// Which number a digest stands for, in a table of its own that is filled in order: a random key costs a page
// of the database, a batch of sorted ones shares them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/store/bulk_insert.hpp"
#include "daemon/store/key_filter.hpp"
#include "daemon/store/sqlite.hpp"

namespace baselined::daemon {

/// `TABLE(key BLOB PRIMARY KEY, number INTEGER) WITHOUT ROWID`. What was added waits in memory until it is
/// asked for or written: write() belongs before the commit. Works within the database's transaction.
class KeyTable {
  public:
    using Key = KeyFilter::Key;

    KeyTable(Database& database, const std::string& table);

    /// The key must not be there yet.
    void add(const Key& key, std::int64_t number);
    std::optional<std::int64_t> find(const Key& key);
    /// Of a key that will be looked for soon.
    void foresee(const Key& key) const {
        if (seen_) seen_->foresee(key);
    }
    void remove(const Key& key);
    void write();
    /// What waits was rolled back.
    void forget() { waiting_.clear(); }

  private:
    BulkInsert insert_;
    Statement find_, remove_;
    std::vector<std::pair<Key, std::int64_t>> waiting_;
    std::optional<KeyFilter> seen_;  ///< while everything in the table came through this object
};

}  // namespace baselined::daemon
