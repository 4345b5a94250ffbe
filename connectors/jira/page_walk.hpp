// Where the reading of one query stands between two pages: what is asked next, and when it is done. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "connectors/jira/search_api.hpp"

namespace baselined::connectors::jira {

/// Issues come by `updated`. Each question begins anew where the page before ended, so that none slips
/// through while issues move, and Data Center, which answers 500 past ten thousand, is never asked so deep.
/// Tokens and offsets page only through what was updated in one instant.
class PageWalk {
  public:
    /// Without `from_ms`: whenever they were updated; all is one instant.
    PageWalk(Flavour flavour, std::optional<std::int64_t> from_ms);

    enum class Next { ask, end };
    /// What an answer to the present question means for the next one; an error where the answers make no
    /// sense.
    Result<Next> take(const SearchPage& page);
    /// The question was refused: with a token, which has run out, it may be asked again without. False: it is
    /// refused for good.
    bool forget_token();

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
    void note_updates(const SearchPage& page);
    [[nodiscard]] bool has_left_gap(const SearchPage& page) const;

    Flavour flavour_;
    std::optional<std::int64_t> from_ms_;
    std::int64_t newest_ms_, grain_ms_;
    std::string token_;
    std::set<std::string> tokens_;  ///< of this instant
    int start_ = 0;
    std::set<std::string>
        before_;  ///< ids of the page before: offsets overlap, and show what they still mean
    int restarts_ = 0;
    std::optional<std::int64_t> paged_instant_ms_;
};

}  // namespace baselined::connectors::jira
