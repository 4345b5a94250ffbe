#include "daemon/app/log.hpp"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "mappings/record/time.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

constexpr std::array<int, 4> priorities{3, 4, 6, 7};
constexpr std::array<std::string_view, 4> names{"error", "warning", "info", "debug"};
constexpr const char* journal_socket = "/run/systemd/journal/socket";

LogLevel most_told = LogLevel::info;

/// Whoever started the program may have led stderr elsewhere since; device and inode tell.
bool leads_to_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat state {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &state) != 0) return false;
    return fmt::format("{}:{}", state.st_dev, state.st_ino) == stream;
}

/// False: the journal did not take it.
bool send_to_journal(LogLevel level, const std::string& text, const LogFields& fields) {
    std::vector<std::string> entries{"MESSAGE=" + text,
                                     fmt::format("PRIORITY={}", priorities[static_cast<std::size_t>(level)]),
                                     "SYSLOG_IDENTIFIER=baselined"};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) entries.push_back(std::string(name) + "=" + value);
    };
    add("SOURCE", fields.source);
    add("STREAM", fields.stream);
    add("MEASURE", fields.measure);
    add("REQUEST", fields.request);
    std::vector<iovec> parts;
    for (std::string& entry : entries) parts.push_back({entry.data(), entry.size()});
    // It calls a journal that is not there a success.
    return ::access(journal_socket, W_OK) == 0 &&
           sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

}  // namespace

void set_log_level(LogLevel most) {
    most_told = most;
}

std::optional<LogLevel> log_level_of(std::string_view name) {
    const auto* found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<LogLevel>(found - names.begin());
}

void log(LogLevel level, std::string_view text, const LogFields& fields) {
    static const bool is_journal = leads_to_journal();
    if (level > most_told) return;
    std::string line = mappings::one_line(text);
    if (is_journal && send_to_journal(level, line, fields)) return;
    const auto index = static_cast<std::size_t>(level);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    line = is_journal ? fmt::format("<{}>{}\n", priorities[index], line)
                      : fmt::format("{} {}: {}\n", mappings::format_rfc3339(now), names[index], line);
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace baselined::daemon
