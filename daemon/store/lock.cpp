#include "daemon/store/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daemon/store/store.hpp"

namespace baselined::daemon {

StoreLock::StoreLock(const std::string& store_path) {
    const std::string path = store_path + ".lock";
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0)
        throw StoreError(
            ErrorCode::unavailable,
            fmt::format(
                "store {}: cannot make its lock file {}: {}; check that the folder exists and is writable",
                store_path, path, std::strerror(errno)));
    while (::flock(descriptor_, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        const int reason = errno;
        ::close(descriptor_);
        throw StoreError(ErrorCode::unavailable, fmt::format("store {}: cannot lock {}: {}", store_path, path,
                                                             std::strerror(reason)));
    }
}

StoreLock::~StoreLock() {
    ::close(descriptor_);
}

}  // namespace baselined::daemon
