// What the web listener shows: /metrics, /health, /ready, and nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/app/observations.hpp"
#include "daemon/web/page.hpp"

namespace baselined::daemon {

struct NotReady {
    std::string source, stream;  ///< empty: the daemon itself
    std::string text;
};

/// Why the daemon does not do its work now; empty: every stream was reached and the store takes what comes.
std::vector<NotReady> not_ready(const Observations& seen);

Page page_of(std::string_view path, const Observations& seen);

/// The text of /metrics as of `now`.
std::string metrics_text(const Observations& seen, Instant now);

}  // namespace baselined::daemon
