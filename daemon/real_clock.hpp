// The real clock, for those who hand its readings on: what judges and stores is given an instant.
#pragma once

#include <chrono>

#include "mappings/record/time.hpp"

namespace baselined::daemon {

inline mappings::Instant real_now() {
    return std::chrono::floor<mappings::Millis>(std::chrono::system_clock::now());
}

}  // namespace baselined::daemon
