#include "connectors/http/trouble.hpp"

#include <utility>

namespace baselined::connectors {

bool Outage::note_failure(const std::string& why) {
    if (++failures_ < failures_to_tell || !reason_.empty()) return false;
    reason_ = why;
    return true;
}

bool LonePlaces::note_failure(const std::string& place, std::int64_t now_ms) {
    return failing_.try_emplace(place, Failing{now_ms}).first->second.is_alone;
}

void LonePlaces::note_answer(const std::string& place, std::int64_t sent_ms) {
    failing_.erase(place);
    for (auto& [_, failing] : failing_) failing.is_alone = failing.is_alone || sent_ms > failing.since_ms;
}

void Refusal::note_accepted(std::int64_t now_ms) {
    if (holds(now_ms)) return;  // it was asked before the login was refused
    forget();
    was_good_ = true;
}

void Refusal::note_refused(std::string why, Kind kind, std::int64_t now_ms) {
    // Of several requests that were on their way the first has said it.
    if (holds(now_ms) && kind == Kind::may_pass) return;
    reason_ = std::move(why);
    next_try_ms_ = was_good_ && kind == Kind::may_pass ? std::make_optional(now_ms + tried_again_after_ms)
                                                       : std::nullopt;
    was_good_ = false;
}

void Refusal::forget() {
    *this = {};
}

bool Refusal::holds(std::int64_t now_ms) const {
    return !reason_.empty() && (!next_try_ms_ || now_ms < *next_try_ms_);
}

}  // namespace baselined::connectors
