// The store's shape, as numbered steps that are each applied once, in order.
#pragma once

#include "daemon/store/sqlite.hpp"

namespace baselined::daemon {

/// Throws StoreError where it is another program's database: that may have any number where ours has its
/// shape. An empty one is nobody's.
void refuse_foreign(Database& database);
/// Brings the store to this program's shape, each step in its own transaction.
/// Throws StoreError when the store was made by a newer program.
void migrate(Database& database);
/// Throws StoreError unless it is a store of this program or of one before it.
void require_known_shape(Database& database);
/// Throws StoreError unless the store already has this program's shape (for readers).
void require_current_shape(Database& database);

}  // namespace baselined::daemon
