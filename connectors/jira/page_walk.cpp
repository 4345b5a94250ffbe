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

}  // namespace

PageWalk::PageWalk(Flavour flavour, std::optional<std::int64_t> from_ms)
    : flavour_(flavour),
      from_ms_(from_ms),
      newest_ms_(from_ms.value_or(0)),
      grain_ms_(flavour == Flavour::cloud ? cloud_grain_ms : data_center_grain_ms) {}

Result<PageWalk::Next> PageWalk::take(const SearchPage& page) {
    const auto count = static_cast<int>(page.issues->Size());
    if (has_left_gap(page)) return begin_instant_again();
    note_updates(page);
    const bool is_last = flavour_ == Flavour::cloud ? page.next_token.empty()
                         : page.total               ? start_ + count >= *page.total
                                                    : count == 0;
    if (is_last) return Next::end;
    if (flavour_ == Flavour::data_center && count == 0)
        return Error{ErrorCode::bad_input, fmt::format("the site says {} issues, and shows none after {}",
                                                       page.total.value_or(0), start_)};
    if (const std::int64_t reached = newest_ms_ - newest_ms_ % grain_ms_; from_ms_ && reached > *from_ms_) {
        *this = PageWalk(*this, reached);
        return Next::ask;
    }
    return flavour_ == Flavour::cloud ? go_on_by_token(page.next_token) : go_on_by_offset(page);
}

PageWalk::PageWalk(const PageWalk& before, std::int64_t from_ms) : PageWalk(before.flavour_, from_ms) {
    newest_ms_ = before.newest_ms_;
    grain_ms_ = before.grain_ms_;
    paged_instant_ms_ = before.paged_instant_ms_;
}

void PageWalk::note_updates(const SearchPage& page) {
    for (const auto& issue : page.issues->GetArray()) {
        const auto updated = updated_of(issue);
        if (!updated) continue;
        if (from_ms_ && *updated < *from_ms_) grain_ms_ = rounded_grain_ms;
        newest_ms_ = std::max(newest_ms_, *updated);
    }
}

Result<PageWalk::Next> PageWalk::go_on_by_token(const std::string& token) {
    if (!tokens_.insert(token).second)
        return Error{ErrorCode::bad_input, "the same page token comes again and again"};
    paged_instant_ms_ = newest_ms_;
    token_ = token;
    return Next::ask;
}

PageWalk::Next PageWalk::go_on_by_offset(const SearchPage& page) {
    const auto count = static_cast<int>(page.issues->Size());
    before_.clear();
    if (count > 1)
        for (const auto& issue : page.issues->GetArray()) before_.insert(text_of(issue, "id"));
    start_ += count > 1 ? count - std::max(1, count / 8) : count;
    return Next::ask;
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
