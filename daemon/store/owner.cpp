#include "daemon/store/owner.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "daemon/store/store.hpp"

namespace baselined::daemon {

namespace {

struct Owner {
    uid_t user = 0;
    gid_t group = 0;
};

/// Empty: there is nobody to become, or nobody else's right to.
std::optional<Owner> other_owner_of(const std::string& store_path) {
    if (::geteuid() != 0) return std::nullopt;
    const std::string folder = std::filesystem::path(store_path).parent_path().string();
    struct stat seen {};
    if (::stat(store_path.c_str(), &seen) != 0 && ::stat(folder.empty() ? "." : folder.c_str(), &seen) != 0)
        return std::nullopt;  // opening it says what is wrong
    if (seen.st_uid == 0) return std::nullopt;
    return Owner{seen.st_uid, seen.st_gid};
}

[[noreturn]] void fail(const std::string& store_path, const std::string& name) {
    throw StoreError(
        ErrorCode::unavailable,
        fmt::format("store {}: it is {}'s, and root may not become that user: {}; try `runuser -u {} "
                    "-- baselined ...`",
                    store_path, name, std::strerror(errno), name));
}

}  // namespace

std::optional<std::string> become_owner_of(const std::string& store_path) {
    const auto owner = other_owner_of(store_path);
    if (!owner) return std::nullopt;
    // Of a user without a name (a container's volume) the number is all there is.
    const passwd* known = ::getpwuid(owner->user);
    const std::string name = known != nullptr ? known->pw_name : std::to_string(owner->user);
    const gid_t group = known != nullptr ? known->pw_gid : owner->group;
    const bool has_groups =
        (known != nullptr ? ::initgroups(name.c_str(), group) : ::setgroups(1, &group)) == 0;
    if (!has_groups || ::setgid(group) != 0 || ::setuid(owner->user) != 0) fail(store_path, name);
    return name;
}

void hand_to_owner_of(const std::string& store_path, int descriptor) {
    const auto owner = other_owner_of(store_path);
    if (owner && ::fchown(descriptor, owner->user, owner->group) != 0)
        throw StoreError(ErrorCode::unavailable,
                         fmt::format("store {}: what root makes beside it cannot be given to its owner: {}",
                                     store_path, std::strerror(errno)));
}

}  // namespace baselined::daemon
