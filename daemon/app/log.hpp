// What the daemon tells the journal, one line an event; never a secret, never a body.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baselined::daemon {

enum class LogLevel { error, warning, info, debug };

/// What an event is about. Under systemd each becomes a field to select by (journalctl SOURCE=acme); an empty
/// one is left out.
struct LogFields {
    std::string source, stream, measure, request;
};

/// To the journal by its native protocol where stderr leads there (JOURNAL_STREAM, systemd.exec(5)), else to
/// stderr with the time and level in front. Lines are written whole, from any thread.
void log(LogLevel level, std::string_view text, const LogFields& fields = {});

/// What is less important is not written; `info` until told. To be called before threads are started.
void set_log_level(LogLevel most);
/// error, warning, info, debug.
std::optional<LogLevel> log_level_of(std::string_view name);

}  // namespace baselined::daemon
