#include "daemon/app/failure_log.hpp"

#include <fmt/format.h>

namespace baselined::daemon {

namespace {

constexpr std::chrono::hours told_again_after{1};

std::string times(std::int64_t count) {
    return fmt::format("{} time{}", count, count == 1 ? "" : "s");
}

}  // namespace

void FailureLog::note(const std::string& what, const std::string& text, const LogFields& fields) {
    Last& last = last_[what];
    const auto now = std::chrono::steady_clock::now();
    if (text == last.text) {
        if (text.empty()) return;
        ++last.count;
        if (now - last.told_at < told_again_after) return;
        log(LogLevel::error, fmt::format("{}: {} ({} since it was told last)", what, text, times(last.count)),
            fields);
        last = {text, 0, now};
        return;
    }
    if (last.count > 0)
        log(LogLevel::info, fmt::format("{}: the same {} more until now", what, times(last.count)), fields);
    if (!text.empty())
        log(LogLevel::error, fmt::format("{}: {}", what, text), fields);
    else
        log(LogLevel::info, fmt::format("{}: is well again", what), fields);
    last = {text, 0, now};
}

}  // namespace baselined::daemon
