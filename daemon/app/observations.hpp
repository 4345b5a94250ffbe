// What the running daemon has seen of itself: plain values of the event loop's thread, which the web pages
// show.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/app/portfolio.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

struct StreamName {
    std::string source, stream;
    auto operator<=>(const StreamName&) const = default;
    [[nodiscard]] std::string str() const { return source + "/" + stream; }
};

/// What the store knows of a stream.
struct StoredFacts {
    StreamCounts counts;
    std::optional<Instant> complete_at;
};

struct OutboxFacts {
    std::map<std::string, std::int64_t> by_state;
    std::optional<Instant> oldest_waiting;
};

struct StreamObservation {
    std::int64_t polls_ok = 0, polls_failed = 0;
    double poll_seconds = 0;
    bool is_reached = false;  ///< something has come of it since the start
    bool is_tried = false;    ///< since the start, and since the clock was set ahead
    std::string failure;      ///< the last reading's; empty: it went well
    std::string remarks;      ///< what was worth saying besides; empty: nothing
    StoredFacts stored;
};

struct Observations {
    std::map<StreamName, StreamObservation> streams;                ///< of the configuration in force
    std::map<std::pair<std::string, long>, std::int64_t> requests;  ///< by source and status; 0: no answer
    std::map<std::string, double> request_seconds;                  ///< by source
    std::map<std::string, std::string> troubles;  ///< why a source as a whole cannot be read; by source
    std::int64_t evaluations = 0;
    double evaluation_seconds = 0;
    std::int64_t cells_recomputed = 0;
    std::map<std::string, std::int64_t> measures;  ///< by Potential Status
    OutboxFacts outbox;
    std::int64_t reloads_applied = 0, reloads_refused = 0;
    bool is_last_reload_good = true;
    std::optional<Instant> configured_at;  ///< when the configuration in force came into force
    std::vector<std::string> remapped;     ///< sources whose history is being mapped anew
    bool is_open = false;                  ///< the store is open and a configuration in force
    std::string store_trouble;             ///< why the store cannot be written; empty: it can
    std::string hold;                      ///< why nothing is read; empty: it is
    std::string store_path;
    Instant started_at;
};

/// Why a stream cannot be read: by its source's trouble, or its last reading. Empty: it can.
inline std::string failure_of(const Observations& seen, const StreamName& name) {
    const auto stream = seen.streams.find(name);
    if (stream != seen.streams.end() && !stream->second.failure.empty()) return stream->second.failure;
    const auto trouble = seen.troubles.find(name.source);
    return trouble == seen.troubles.end() ? "" : trouble->second;
}

}  // namespace baselined::daemon
