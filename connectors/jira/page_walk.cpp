#include "connectors/jira/page_walk.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace baselined::connectors::jira {

namespace {

/// Within a second, issues are in no order that counts: Data Center's index knows no smaller time, nor may
/// Cloud's.
constexpr std::int64_t order_grain_ms = 1'000;
/// A site that rounds what it is asked down does it to the minute, as JQL's written dates are.
constexpr std::int64_t rounded_grain_ms = 60'000;
constexpr int most_restarts = 20, most_idle_pages = 100;
/// Data Center shows so many issues of one question, and answers 500 past them.
constexpr int deepest = 10'000;

}  // namespace

PageWalk::PageWalk(Flavour flavour, std::optional<std::int64_t> from_ms, By by)
    : flavour_(flavour),
      by_(by),
      from_ms_(from_ms),
      newest_ms_(from_ms.value_or(0)),
      grain_ms_(order_grain_ms) {}

Result<PageWalk::Next> PageWalk::take(const SearchPage& page) {
    if (page.start && *page.start != start_ && flavour_ == Flavour::data_center)
        return Error{
            ErrorCode::unavailable,
            fmt::format("asked for issues from number {} on (startAt), the site shows those from {} on",
                        start_, *page.start)};
    if (has_left_gap(page)) return begin_instant_again();
    note_times(page);
    if (const std::string words = contradiction(page); !words.empty())
        return Error{ErrorCode::unavailable, words};
    is_end_said_ = page.is_last == true && !page.next_token.empty();
    if (is_last(page)) return flavour_ == Flavour::cloud ? Next::end : end_by_offset(page);
    if (is_end_said_) {  // the token shows whether it is
        token_ = page.next_token;
        return Next::ask;
    }
    if (const std::int64_t reached = newest_ms_ - newest_ms_ % grain_ms_; from_ms_ && reached > *from_ms_) {
        expect_behind(page, reached);
        *this = PageWalk(*this, reached);
        return Next::ask;
    }
    rest_ = is_told_total(page) ? *page.total : 0;
    return flavour_ == Flavour::cloud ? go_on_by_token(page.next_token) : go_on_by_offset(page);
}

PageWalk::PageWalk(const PageWalk& before, std::int64_t from_ms)
    : PageWalk(before.flavour_, from_ms, before.by_) {
    newest_ms_ = std::max(before.newest_ms_, from_ms);
    grain_ms_ = before.grain_ms_;
    rest_ = before.rest_;
    paged_instant_ms_ = before.paged_instant_ms_;
}

/// The next question begins at an issue that was shown: that one, at least, has to come again. By creation
/// issues leave what is asked for, as they are updated.
void PageWalk::expect_behind(const SearchPage& page, std::int64_t reached_ms) {
    if (by_ == By::created) return;
    const auto& issues = page.issues->GetArray();
    const auto passed = std::count_if(issues.begin(), issues.end(), [&](const auto& issue) {
        return time_of(issue).value_or(reached_ms) < reached_ms;
    });
    rest_ = std::max<std::int64_t>(1, is_told_total(page) ? *page.total - start_ - passed : 0);
}

/// A number that is smaller than what is shown says nothing.
bool PageWalk::is_told_total(const SearchPage& page) const {
    return page.total && *page.total >= start_ + static_cast<int>(page.issues->Size());
}

/// Fewer than were said to follow: some left, or the number is wrong. Then what comes behind tells.
bool PageWalk::is_last(const SearchPage& page) const {
    const auto count = static_cast<int>(page.issues->Size());
    if (flavour_ == Flavour::cloud)
        return page.next_token.empty() || (page.is_last == true && idle_pages_ > 0);
    if (!is_told_total(page) || *page.total < rest_) return count == 0;
    return start_ + count == *page.total;
}

std::string PageWalk::contradiction(const SearchPage& page) const {
    const bool is_empty = page.issues->Empty();
    if (!is_in_order_)
        return "issues do not come in the order asked for (ORDER BY): what is missing cannot be told";
    if (flavour_ == Flavour::data_center) {
        if (is_empty && page.total.value_or(0) > start_)
            return fmt::format("the site says {} issues, and shows none after {}", *page.total, start_);
    } else {
        if (page.is_last == false && page.next_token.empty())
            return "the site says that more issues follow (isLast: false), and gives no nextPageToken to "
                   "them";
    }
    if (idle_pages_ > most_idle_pages)
        return fmt::format("{} pages in a row show nothing new, and more are said to follow", idle_pages_);
    if (is_empty && start_ == 0 && token_.empty() && rest_ > 0)
        return fmt::format("the site said that {} or more issues follow, and shows none", rest_);
    return {};
}

std::optional<std::int64_t> PageWalk::time_of(const rapidjson::Value& issue) const {
    return by_ == By::created ? created_of(issue) : updated_of(issue);
}

/// Where an issue that has just been updated stands in the index is not known: such a one moves nothing on,
/// and is in no order. A few others may be out of it, too, where the index is late.
void PageWalk::note_times(const SearchPage& page) {
    const std::int64_t settled_until =
        by_ == By::created || page.server_ms == 0 ? INT64_MAX : page.server_ms - index_lag_ms;
    const std::size_t known = seen_.size();
    int compared = 0, reversed = 0;
    std::int64_t before_ms = 0;
    for (const auto& issue : page.issues->GetArray()) {
        seen_.insert(text_of(issue, "id"));
        const auto at = time_of(issue);
        if (!at) continue;
        if (from_ms_ && *at < *from_ms_) grain_ms_ = rounded_grain_ms;
        last_ms_ = *at;
        is_end_settled_ = *at <= settled_until;
        if (!is_end_settled_) continue;
        newest_ms_ = std::max(newest_ms_, *at);
        ++compared;
        if (*at / order_grain_ms < before_ms / order_grain_ms) ++reversed;
        before_ms = *at;
    }
    is_in_order_ = !from_ms_ || reversed < 3 || reversed * 4 < compared;
    if (seen_.size() > known)
        idle_pages_ = 0;
    else if (start_ >= reached_)  // begun again, pages show what is known
        ++idle_pages_;
    reached_ = std::max(reached_, start_);
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
    rest_ = 0;
    return end.has_value();
}

/// None of the page before is on this one: issues left, and others moved up past the offset. Nor may all of
/// them be: the offset was disregarded.
bool PageWalk::has_left_gap(const SearchPage& page) const {
    if (before_.empty()) return false;
    const auto& issues = page.issues->GetArray();
    const auto again = std::count_if(issues.begin(), issues.end(), [&](const auto& issue) {
        return before_.contains(text_of(issue, "id"));
    });
    return again == 0 || again == std::ssize(before_);
}

Result<PageWalk::Next> PageWalk::begin_instant_again() {
    if (++restarts_ > most_restarts)
        return Error{
            ErrorCode::unavailable,
            "issues move faster than their pages can be read, or the site shows others than those asked "
            "for (startAt)"};
    start_ = 0;
    rest_ = std::min<std::int64_t>(rest_, 1);
    before_.clear();
    return Next::ask;
}

std::optional<PageWalk::Next> PageWalk::take_refusal() {
    if (token_.empty()) return std::nullopt;
    if (is_end_said_) return Next::end;
    if (++restarts_ > most_restarts) return std::nullopt;
    token_.clear();
    tokens_.clear();
    seen_.clear();
    return Next::ask;
}

}  // namespace baselined::connectors::jira
