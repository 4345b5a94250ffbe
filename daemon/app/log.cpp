#include "daemon/app/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

#include "mappings/record/time.hpp"

namespace baselined::daemon {

void log(LogLevel level, std::string_view text) {
    static const bool is_journal = std::getenv("JOURNAL_STREAM") != nullptr;
    std::string line(text);
    std::replace(line.begin(), line.end(), '\n', ' ');
    constexpr int priorities[] = {3, 4, 6};
    constexpr const char* names[] = {"error", "warning", "info"};
    const auto index = static_cast<std::size_t>(level);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    line = is_journal ? fmt::format("<{}>{}\n", priorities[index], line)
                      : fmt::format("{} {}: {}\n", mappings::format_rfc3339(now), names[index], line);
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace baselined::daemon
