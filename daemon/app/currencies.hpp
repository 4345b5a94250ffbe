// Whether the postings behind a sum of money are all in the currency that it is shown in.
#pragma once

#include <optional>
#include <string>

#include "daemon/app/portfolio.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

struct CurrencyTrouble {
    bool is_mixed = false;  ///< several: the figures add up what cannot be added; else one, but another
    std::string text;       ///< a sentence with the remedy
};

/// Reads all postings when the series takes `amount` of costs, nothing otherwise.
std::optional<CurrencyTrouble> currency_trouble(Portfolio& portfolio, Store& store, std::size_t series);

}  // namespace baselined::daemon
