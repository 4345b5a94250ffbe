// Where the reading of one query stands between two pages: what is asked next, and when it is done. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "connectors/jira/search_api.hpp"

namespace baselined::connectors::jira {

/// The search index lags behind by seconds to minutes.
constexpr std::int64_t index_lag_ms = 10 * 60'000;

/// Issues come by a time of theirs. Each question begins anew where the page before ended, so that none slips
/// through while issues move, and Data Center, which answers 500 past ten thousand, is seldom asked so deep.
/// Tokens and offsets page only through what has the same instant, and through the newest issues: a site may
/// show one that has just been updated where its index still has it, far from where it belongs.
class PageWalk {
  public:
    enum class By {
        updated,
        created,  ///< which never changes: no issue moves while it is read
    };
    /// Without `from_ms`: whenever they were updated; all is one instant.
    PageWalk(Flavour flavour, std::optional<std::int64_t> from_ms, By by = By::updated);

    enum class Next {
        ask,
        end,
        too_deep,  ///< more issues than can be paged through are in the instant: another order has to be
                   ///< found
    };
    /// What an answer to the present question means for the next one; an error where the answers contradict
    /// one another or what was asked: what is not shown then must not count as read.
    Result<Next> take(const SearchPage& page);
    /// The question was refused: with a token, which has run out, it may be asked again without; one that
    /// came with the word that nothing follows is the end. None: it is refused for good.
    std::optional<Next> take_refusal();
    /// All that was asked for up to the newest issue of the last page has come: it is sorted as asked.
    [[nodiscard]] bool is_in_order() const { return is_in_order_; }

    /// Before when the issues were updated, or created, that are too deep for this walk; none: any time since
    /// `from_ms()`.
    [[nodiscard]] std::optional<std::int64_t> instant_end_ms() const;
    /// Goes on behind the instant; false: there is nothing behind it.
    bool pass_instant();

    [[nodiscard]] std::optional<std::int64_t> from_ms() const { return from_ms_; }
    [[nodiscard]] const std::string& token() const { return token_; }
    [[nodiscard]] int start() const { return start_; }
    /// The newest instant that tokens led through: an issue that left it meanwhile may have made another one
    /// slip through. None: no token was needed.
    [[nodiscard]] std::optional<std::int64_t> paged_instant_ms() const { return paged_instant_ms_; }

  private:
    PageWalk(const PageWalk& before, std::int64_t from_ms);
    Result<Next> begin_instant_again();
    Result<Next> go_on_by_token(const std::string& token);
    Next go_on_by_offset(const SearchPage& page);
    Result<Next> end_by_offset(const SearchPage& page);
    void note_times(const SearchPage& page);
    void expect_behind(const SearchPage& page, std::int64_t reached_ms);
    [[nodiscard]] std::optional<std::int64_t> time_of(const rapidjson::Value& issue) const;
    [[nodiscard]] std::string contradiction(const SearchPage& page) const;
    [[nodiscard]] bool is_last(const SearchPage& page) const;
    [[nodiscard]] bool is_told_total(const SearchPage& page) const;
    [[nodiscard]] bool has_left_gap(const SearchPage& page) const;

    Flavour flavour_;
    By by_;
    std::optional<std::int64_t> from_ms_;
    std::int64_t newest_ms_;    ///< of those that stand where they belong
    std::int64_t last_ms_ = 0;  ///< of the page's last issue
    std::int64_t grain_ms_;
    bool is_end_settled_ = true;  ///< the page's last issue stands where it belongs
    std::string token_;
    std::set<std::string> tokens_;  ///< of this instant
    int start_ = 0;
    std::set<std::string>
        before_;                  ///< ids of the page before: offsets overlap, and show what they still mean
    std::set<std::string> seen_;  ///< ids of this instant
    int restarts_ = 0;
    int reached_ = 0;           ///< the furthest start, before the instant was begun again
    int idle_pages_ = 0;        ///< in a row, that showed nothing new
    std::int64_t rest_ = 0;     ///< so many issues the site has said to follow
    bool is_in_order_ = true;   ///< the last page
    bool is_end_said_ = false;  ///< by the last page, which gave a token all the same
    std::optional<std::int64_t> paged_instant_ms_;
};

}  // namespace baselined::connectors::jira
