// Whose a store is. A service has a user of its own; what an administrator does by hand beside it, as root,
// must not leave files that this user cannot open.
#pragma once

#include <optional>
#include <string>

namespace baselined::daemon {

/// For root only: from here on the process is the user, with the groups, to whom the store belongs, or its
/// folder while there is no store. The user's name where it changed. Throws StoreError when it cannot.
std::optional<std::string> become_owner_of(const std::string& store_path);

/// For root only: gives a file, just made beside the store, to that user. Throws StoreError when it cannot.
void hand_to_owner_of(const std::string& store_path, int descriptor);

}  // namespace baselined::daemon
