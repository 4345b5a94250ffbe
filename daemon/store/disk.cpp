#include "daemon/store/disk.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <filesystem>

namespace baselined::daemon {

namespace {
constexpr std::int64_t enough_bytes = 64LL << 20;
constexpr std::int64_t enough_share = 20;
}  // namespace

bool DiskSpace::is_nearly_full() const {
    return free < enough_bytes && free < size / enough_share;
}

std::optional<DiskSpace> disk_space_of(const std::string& path) {
    struct statvfs state {};
    const std::string folder = std::filesystem::path(path).parent_path().string();
    if (::statvfs(folder.empty() ? "." : folder.c_str(), &state) != 0) return std::nullopt;
    const auto block = static_cast<std::int64_t>(state.f_frsize);
    return DiskSpace{static_cast<std::int64_t>(state.f_bavail) * block,
                     static_cast<std::int64_t>(state.f_blocks) * block};
}

std::int64_t store_size(const std::string& path) {
    std::int64_t bytes = 0;
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::error_code error;
        const auto size = std::filesystem::file_size(path + suffix, error);
        if (!error) bytes += static_cast<std::int64_t>(size);
    }
    return bytes;
}

std::string hold_for_space(const std::string& store_path) {
    const auto space = disk_space_of(store_path);
    if (!space || !space->is_nearly_full()) return {};
    return fmt::format(
        "the disk of {} is nearly full: nothing is read until there is space again; nothing is lost",
        store_path);
}

}  // namespace baselined::daemon
