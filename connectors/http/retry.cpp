#include "connectors/http/retry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "mappings/record/time.hpp"

namespace baselined::connectors {

namespace {

constexpr milliseconds first_pause{1'000}, longest_pause{60'000};
/// What a server may ask for at most; a broken clock must not put a source to sleep for years.
constexpr std::int64_t longest_told_ms = 24LL * 3600 * 1000;
constexpr double unix_seconds_from = 1e9;  ///< smaller numbers are seconds to wait

milliseconds growing(int attempt, double chance) {
    const auto whole =
        std::min(longest_pause, milliseconds{first_pause.count() << std::min(attempt - 1, 10)});
    return milliseconds{static_cast<std::int64_t>(static_cast<double>(whole.count()) * (0.5 + chance / 2))};
}

std::optional<double> number_in(std::string_view text) {
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

milliseconds bounded(std::int64_t wait_ms) {
    return milliseconds{std::clamp<std::int64_t>(wait_ms, 0, longest_told_ms)};
}

std::optional<std::int64_t> reset_instant(std::string_view text, std::int64_t now_ms) {
    if (const auto number = number_in(text)) {
        if (*number >= unix_seconds_from * 1000)
            return static_cast<std::int64_t>(*number);  // in milliseconds
        return *number >= unix_seconds_from ? static_cast<std::int64_t>(*number * 1000)
                                            : now_ms + static_cast<std::int64_t>(*number * 1000);
    }
    std::string padded(text);
    if (padded.size() == 17 && padded.ends_with('Z')) padded.insert(16, ":00");  // 2026-01-05T10:11Z
    if (const auto at = mappings::parse_rfc3339(padded)) return at->time_since_epoch().count();
    return parse_http_date(text);
}

}  // namespace

std::optional<milliseconds> told_to_wait(const Response& response, std::int64_t now_ms) {
    if (const auto after = response.header("Retry-After"); after.data() != nullptr) {
        if (const auto seconds = number_in(after)) return bounded(static_cast<std::int64_t>(*seconds * 1000));
        if (const auto at = parse_http_date(after)) return bounded(*at - now_ms);
    }
    for (const char* name : {"X-RateLimit-Reset", "RateLimit-Reset"})
        if (const auto reset = response.header(name); reset.data() != nullptr)
            if (const auto at = reset_instant(reset, now_ms)) return bounded(*at - now_ms);
    return std::nullopt;
}

Verdict judge(const Attempt& attempt) {
    Verdict verdict;
    if (attempt.response == nullptr) {
        const bool may_repeat = is_retryable(attempt.error->code) && attempt.is_idempotent;
        verdict.next = may_repeat ? Verdict::Next::retry : Verdict::Next::fail;
        verdict.pause = growing(attempt.number, attempt.chance);
        verdict.reason = attempt.error->text;
        return verdict;
    }
    const long status = attempt.response->status;
    const bool is_busy = status == 429 || status == 503;
    if (!is_busy && (status < 500 || status == 501 || status == 505)) return verdict;
    verdict.next = is_busy || attempt.is_idempotent ? Verdict::Next::retry : Verdict::Next::fail;
    verdict.reason = fmt::format("answered {}", status);
    const auto told = is_busy ? told_to_wait(*attempt.response, attempt.now_ms) : std::nullopt;
    verdict.is_told_to_wait = told.has_value() || status == 429;
    verdict.pause = growing(attempt.number, attempt.chance);
    // Up to a tenth more than told, so that not everybody comes back in the same instant.
    if (told)
        verdict.pause =
            *told + milliseconds{static_cast<std::int64_t>(
                        std::min(1000.0, static_cast<double>(told->count()) / 10) * attempt.chance)};
    return verdict;
}

bool Circuit::lets_through(std::int64_t now_ms) {
    if (state_ == State::closed) return true;
    if (state_ == State::open && now_ms - opened_at_ >= probe_every_ms) {
        state_ = State::probing;
        return true;
    }
    return false;
}

void Circuit::note_success() {
    state_ = State::closed;
    failures_ = 0;
}

bool Circuit::note_failure(std::int64_t now_ms) {
    if (++failures_ == 1) failing_since_ = now_ms;
    const bool is_lasting = failures_ >= failures_to_open && now_ms - failing_since_ >= failing_for_ms;
    const bool opens = state_ == State::closed && is_lasting;
    if (opens || state_ == State::probing) {
        state_ = State::open;
        opened_at_ = now_ms;
    }
    return opens;
}

}  // namespace baselined::connectors
