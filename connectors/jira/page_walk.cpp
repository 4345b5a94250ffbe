#include "connectors/jira/page_walk.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace baselined::connectors::jira {

namespace {

/// Data Center's index knows seconds only: within one, issues are in no order.
constexpr std::int64_t cloud_grain_ms = 1, data_center_grain_ms = 1'000;
/// A site that rounds what it is asked down does it to the minute, as JQL's written dates are.
constexpr std::int64_t rounded_grain_ms = 60'000;
constexpr int most_restarts = 20;
/// Data Center shows so many issues of one question, and answers 500 past them.
constexpr int deepest = 10'000;

}  // namespace

PageWalk::PageWalk(Flavour flavour, std::optional<std::int64_t> from_ms, By by)
    : flavour_(flavour),
      by_(by),
      from_ms_(from_ms),
      newest_ms_(from_ms.value_or(0)),
      grain_ms_(flavour == Flavour::cloud ? cloud_grain_ms : data_center_grain_ms) {}

Result<PageWalk::Next> PageWalk::take(const SearchPage& page) {
    const auto count = static_cast<int>(page.issues->Size());
    if (has_left_gap(page)) return begin_instant_again();
    note_times(page);
    const bool is_last = flavour_ == Flavour::cloud ? page.next_token.empty()
                         : page.total               ? start_ + count >= *page.total
                                                    : count == 0;
    if (is_last) return flavour_ == Flavour::cloud ? Next::end : end_by_offset(page);
    if (flavour_ == Flavour::data_center && count == 0)
        return Error{ErrorCode::bad_input, fmt::format("the site says {} issues, and shows none after {}",
                                                       page.total.value_or(0), start_)};
    if (const std::int64_t reached = newest_ms_ - newest_ms_ % grain_ms_; from_ms_ && reached > *from_ms_) {
        *this = PageWalk(*this, reached);
        return Next::ask;
    }
    return flavour_ == Flavour::cloud ? go_on_by_token(page.next_token) : go_on_by_offset(page);
}

PageWalk::PageWalk(const PageWalk& before, std::int64_t from_ms)
    : PageWalk(before.flavour_, from_ms, before.by_) {
    newest_ms_ = std::max(before.newest_ms_, from_ms);
    grain_ms_ = before.grain_ms_;
    paged_instant_ms_ = before.paged_instant_ms_;
}

/// Where an issue that has just been updated stands in the index is not known: such a one moves nothing on.
void PageWalk::note_times(const SearchPage& page) {
    const std::int64_t settled_until =
        by_ == By::created || page.server_ms == 0 ? INT64_MAX : page.server_ms - index_lag_ms;
    for (const auto& issue : page.issues->GetArray()) {
        seen_.insert(text_of(issue, "id"));
        const auto at = by_ == By::created ? created_of(issue) : updated_of(issue);
        if (!at) continue;
        if (from_ms_ && *at < *from_ms_) grain_ms_ = rounded_grain_ms;
        last_ms_ = *at;
        is_end_settled_ = *at <= settled_until;
        if (is_end_settled_) newest_ms_ = std::max(newest_ms_, *at);
    }
}

Result<PageWalk::Next> PageWalk::go_on_by_token(const std::string& token) {
    if (!tokens_.insert(token).second)
        return Error{ErrorCode::bad_input, "the same page token comes again and again"};
    // The newest issues are read once more by the next reading, whatever slipped through.
    if (is_end_settled_) paged_instant_ms_ = newest_ms_;
    token_ = token;
    return Next::ask;
}

PageWalk::Next PageWalk::go_on_by_offset(const SearchPage& page) {
    const auto count = static_cast<int>(page.issues->Size());
    before_.clear();
    if (count > 1)
        for (const auto& issue : page.issues->GetArray()) before_.insert(text_of(issue, "id"));
    start_ += count > 1 ? count - std::max(1, count / 8) : count;
    return start_ + count > deepest ? Next::too_deep : Next::ask;
}

/// A site that counts no further than it shows has more than it says. And where equal issues are in another
/// order at each question, some are met twice and others not at all: as many as there are must have been
/// seen.
Result<PageWalk::Next> PageWalk::end_by_offset(const SearchPage& page) {
    if (start_ + static_cast<int>(page.issues->Size()) == deepest) return Next::too_deep;
    const bool lacks_some = start_ > 0 && static_cast<std::int64_t>(seen_.size()) < page.total.value_or(0);
    return lacks_some ? begin_instant_again() : Next::end;
}

std::optional<std::int64_t> PageWalk::instant_end_ms() const {
    if (!from_ms_) return std::nullopt;
    const std::int64_t end = *from_ms_ - *from_ms_ % grain_ms_ + grain_ms_;
    return last_ms_ < end ? std::make_optional(end) : std::nullopt;
}

bool PageWalk::pass_instant() {
    const auto end = instant_end_ms();
    if (end) *this = PageWalk(*this, *end);
    return end.has_value();
}

/// None of the page before is on this one: issues left, and others moved up past the offset.
bool PageWalk::has_left_gap(const SearchPage& page) const {
    if (before_.empty()) return false;
    const auto& issues = page.issues->GetArray();
    return std::none_of(issues.begin(), issues.end(),
                        [&](const auto& issue) { return before_.contains(text_of(issue, "id")); });
}

Result<PageWalk::Next> PageWalk::begin_instant_again() {
    if (++restarts_ > most_restarts)
        return Error{ErrorCode::unavailable, "issues move faster than their pages can be read"};
    start_ = 0;
    before_.clear();
    return Next::ask;
}

bool PageWalk::forget_token() {
    if (token_.empty() || ++restarts_ > most_restarts) return false;
    token_.clear();
    tokens_.clear();
    return true;
}

}  // namespace baselined::connectors::jira
