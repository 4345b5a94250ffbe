// The disk that the store stands on: how much is left, and when it is too little to go on reading.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace baselined::daemon {

struct DiskSpace {
    std::int64_t free = 0, size = 0;  ///< bytes; free: for this user

    /// Less than 64 MiB and less than a twentieth: what is written now may be the last that fits.
    [[nodiscard]] bool is_nearly_full() const;
};

/// Of the file system that holds the file; nullopt where the system does not say.
std::optional<DiskSpace> disk_space_of(const std::string& path);

/// Of the store with its write-ahead log, in bytes.
std::int64_t store_size(const std::string& path);

/// Why nothing may be read into the store now; empty: it may. Always the same words for the same trouble.
std::string hold_for_space(const std::string& store_path);

}  // namespace baselined::daemon
