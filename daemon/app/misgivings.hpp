// What a configuration says that is good to read and hardly meant: `check` warns of it.
#pragma once

#include <string>
#include <vector>

#include "daemon/app/portfolio.hpp"

namespace baselined::daemon {

/// One line each, with what to do: a zone that shifts times which are in UTC already; a measure that reads a
/// field which no mapping fills.
std::vector<std::string> misgivings_of(const Portfolio& portfolio);

}  // namespace baselined::daemon
