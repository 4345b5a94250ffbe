// Whether the postings behind a sum of money are all in the currency that it is shown in.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "daemon/app/portfolio.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

struct CurrencyTrouble {
    bool is_mixed = false;  ///< several: the figures add up what cannot be added; else one, but another
    std::string text;       ///< a sentence with the remedy
};

/// Reads all postings when a series that takes `amount` of costs is asked for first, nothing otherwise. Both
/// outlive it.
class CurrencyBook {
  public:
    CurrencyBook(Portfolio& portfolio, Store& store) : portfolio_(portfolio), store_(store) {}
    const std::optional<CurrencyTrouble>& of(std::size_t series);
    /// Postings changed.
    void forget() { known_.clear(); }

  private:
    std::optional<CurrencyTrouble> look(std::size_t series);

    Portfolio& portfolio_;
    Store& store_;
    std::map<std::size_t, std::optional<CurrencyTrouble>> known_;
};

}  // namespace baselined::daemon
