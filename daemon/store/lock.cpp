#include "daemon/store/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daemon/store/owner.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

namespace {

[[noreturn]] void fail(const std::string& store_path, const std::string& path) {
    throw StoreError(
        ErrorCode::unavailable,
        fmt::format(
            "store {}: cannot make its lock file {}: {}; check that the folder exists, and that folder "
            "and file belong to this user",
            store_path, path, std::strerror(errno)));
}

int open_lock_file(const std::string& store_path) {
    const std::string path = store_path + ".lock";
    constexpr int flags = O_RDWR | O_CREAT | O_CLOEXEC;
    // Only one that was made here is given away: in the owner's folder another's file may have been linked.
    int descriptor = ::open(path.c_str(), flags | O_EXCL, 0600);
    const bool is_new = descriptor >= 0;
    if (!is_new && errno == EEXIST) descriptor = ::open(path.c_str(), flags, 0600);
    if (descriptor < 0) fail(store_path, path);
    try {
        if (is_new) hand_to_owner_of(store_path, descriptor);
    } catch (const StoreError&) {
        ::close(descriptor);
        throw;
    }
    return descriptor;
}

}  // namespace

StoreLock::StoreLock(const std::string& store_path) : descriptor_(open_lock_file(store_path)) {
    while (::flock(descriptor_, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        const int reason = errno;
        ::close(descriptor_);
        throw StoreError(ErrorCode::unavailable, fmt::format("store {}: cannot lock {}.lock: {}", store_path,
                                                             store_path, std::strerror(reason)));
    }
}

bool StoreLock::is_held(const std::string& store_path) {
    const int descriptor = open_lock_file(store_path);
    const bool is_held = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ::close(descriptor);
    return is_held;
}

StoreLock::~StoreLock() {
    ::close(descriptor_);
}

}  // namespace baselined::daemon
