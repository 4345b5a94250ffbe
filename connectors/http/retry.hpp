// When a request is sent again, and when not: a pure decision, once for all connectors.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "connectors/http/request.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors {

using std::chrono::milliseconds;

/// What came of one attempt: an answer, or why there is none.
struct Attempt {
    int number = 1;
    const Response* response = nullptr;  ///< null: `error` says why
    const Error* error = nullptr;
    bool is_idempotent = true;
    std::int64_t now_ms = 0;  ///< since 1970, of the real clock
    double chance = 0;        ///< between 0 and 1, drawn by the caller: the jitter
};

struct Verdict {
    enum class Next { take, retry, fail };
    Next next = Next::take;
    milliseconds pause{0};
    /// The whole source has been told to wait so long; nothing may be asked of it before.
    bool is_told_to_wait = false;
    std::string reason;
};

/// An answer that is no 429 or 5xx is taken as it is. 429, 503 and their like wait as long as they say:
/// Retry-After in seconds or as a date, else X-RateLimit-Reset in unix seconds or ISO 8601; other 5xx by
/// Retry-After alone. Without any, and after failed connections, pauses double from one second to a minute,
/// jittered over their upper half; so they do where a server keeps saying: at once.
Verdict judge(const Attempt& attempt);

/// What a source may ask for at most: a broken clock must not put it to sleep for years.
constexpr milliseconds longest_told{std::chrono::hours{24}};
/// How long an answer says to wait, at most `longest`; nullopt when it says nothing.
std::optional<milliseconds> told_to_wait(const Response& response, std::int64_t now_ms,
                                         milliseconds longest = longest_told);

/// How long a limit stays used up that a good answer says it has used up (X-RateLimit-Remaining: 0, and
/// when it is reset, as above): at most an hour, the longest span of limits. nullopt: there is some left, or
/// the answer does not say until when.
std::optional<milliseconds> told_limit_is_spent(const Response& response, std::int64_t now_ms);

/// How long an answer of any kind says that nothing may be asked: a limit that is used up, 429 and 503 by all
/// their headers, other failures by Retry-After alone, since the reset of a limit stands on any answer.
std::optional<milliseconds> told_pause(const Response& response, std::int64_t now_ms);

/// Opens after many failures in a row over a while; then one request in a while is let through, to see.
class Circuit {
  public:
    enum class State { closed, open, probing };
    /// Whether a request may go now.
    [[nodiscard]] bool lets_through(std::int64_t now_ms);
    void note_success();
    /// True when this failure opened it.
    bool note_failure(std::int64_t now_ms);
    [[nodiscard]] State state() const { return state_; }

  private:
    static constexpr int failures_to_open = 10;
    static constexpr std::int64_t failing_for_ms = 90'000;
    static constexpr std::int64_t probe_every_ms = 60'000;
    State state_ = State::closed;
    int failures_ = 0;
    std::int64_t opened_at_ = 0, failing_since_ = 0;
};

}  // namespace baselined::connectors
