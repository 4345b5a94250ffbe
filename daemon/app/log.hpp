// What the daemon tells the journal, one line an event; never a secret, never a body.
#pragma once

#include <string_view>

namespace baselined::daemon {

enum class LogLevel { error, warning, info };

/// To stderr; under systemd with the level in front, as sd-daemon(3) has it. Lines are written whole.
void log(LogLevel level, std::string_view text);

}  // namespace baselined::daemon
