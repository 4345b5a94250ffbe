#include "connectors/http/retry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "mappings/record/time.hpp"

namespace baselined::connectors {

namespace {

constexpr milliseconds first_pause{1'000}, longest_pause{60'000};
/// What a good answer may make us wait at most: limits are counted by the hour or less.
constexpr milliseconds longest_spent{std::chrono::hours{1}};
constexpr double unix_seconds_from = 1e9;  ///< smaller numbers are seconds to wait

milliseconds growing(int attempt, double chance) {
    const auto whole =
        std::min(longest_pause, milliseconds{first_pause.count() << std::min(attempt - 1, 10)});
    return milliseconds{static_cast<std::int64_t>(static_cast<double>(whole.count()) * (0.5 + chance / 2))};
}

bool is_busy(long status) {
    return status == 429 || status == 503;
}

std::optional<double> number_in(std::string_view text) {
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
    return std::isnan(value) ? std::nullopt : std::make_optional(value);
}

milliseconds bounded(double wait_ms, milliseconds longest) {
    return milliseconds{
        static_cast<std::int64_t>(std::clamp(wait_ms, 0.0, static_cast<double>(longest.count())))};
}

/// Unix seconds, unix milliseconds or seconds to wait, whichever it can be; in milliseconds.
double wait_until_reset(double number, std::int64_t now_ms) {
    const auto now = static_cast<double>(now_ms);
    if (number >= unix_seconds_from * 1000) return number - now;
    return number >= unix_seconds_from ? number * 1000 - now : number * 1000;
}

std::optional<std::int64_t> reset_instant(std::string_view text) {
    std::string padded(text);
    if (padded.size() == 17 && padded.ends_with('Z')) padded.insert(16, ":00");  // 2026-01-05T10:11Z
    if (const auto at = mappings::parse_rfc3339(padded)) return at->time_since_epoch().count();
    return parse_http_date(text);
}

}  // namespace

std::optional<milliseconds> told_to_wait(const Response& response, std::int64_t now_ms,
                                         milliseconds longest) {
    // An instant is the server's: so is the clock to measure it by.
    const std::int64_t there_ms = parse_http_date(response.header("Date")).value_or(now_ms);
    const auto wait = [&](double wait_ms) { return bounded(wait_ms, longest); };
    const auto until = [&](std::int64_t at_ms) { return wait(static_cast<double>(at_ms - there_ms)); };
    if (const auto after = response.header("Retry-After"); after.data() != nullptr) {
        if (const auto seconds = number_in(after)) return wait(*seconds * 1000);
        if (const auto at = parse_http_date(after)) return until(*at);
    }
    for (const char* name : {"X-RateLimit-Reset", "RateLimit-Reset"})
        if (const auto reset = response.header(name); reset.data() != nullptr) {
            if (const auto number = number_in(reset)) return wait(wait_until_reset(*number, there_ms));
            if (const auto at = reset_instant(reset)) return until(*at);
        }
    return std::nullopt;
}

std::optional<milliseconds> told_limit_is_spent(const Response& response, std::int64_t now_ms) {
    const auto remaining = number_in(response.header("X-RateLimit-Remaining"));
    if (remaining != 0.0) return std::nullopt;
    const auto told = told_to_wait(response, now_ms);
    if (!told || told->count() == 0) return std::nullopt;
    return std::min(*told, longest_spent);
}

std::optional<milliseconds> told_pause(const Response& response, std::int64_t now_ms) {
    if (response.status < 400) return told_limit_is_spent(response, now_ms);
    const bool says_so = is_busy(response.status) || response.header("Retry-After").data() != nullptr;
    return says_so ? told_to_wait(response, now_ms) : std::nullopt;
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
    if (!is_busy(status) && (status < 500 || status == 501 || status == 505)) return verdict;
    verdict.next = is_busy(status) || attempt.is_idempotent ? Verdict::Next::retry : Verdict::Next::fail;
    verdict.reason = fmt::format("answered {}", status);
    const auto told = told_pause(*attempt.response, attempt.now_ms);
    verdict.is_told_to_wait = told.has_value() || status == 429;
    verdict.pause = growing(attempt.number, attempt.chance);
    // Up to a tenth more than told, so that not everybody comes back in the same instant. What lies in the
    // past or at once is no reason to hammer.
    if (told)
        verdict.pause = std::max(
            verdict.pause,
            *told + milliseconds{static_cast<std::int64_t>(
                        std::min(1000.0, static_cast<double>(told->count()) / 10) * attempt.chance)});
    return verdict;
}

bool Circuit::lets_through(std::int64_t now_ms) {
    if (state_ == State::closed) return true;
    if (now_ms - opened_at_ < probe_every_ms) return false;
    // Of a probe that was stopped on its way nobody hears: the next one is due all the same.
    opened_at_ = now_ms;
    state_ = State::probing;
    return true;
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
