// What a promise can be computed with, and yet hardly means.
#pragma once

#include <string>
#include <vector>

#include "daemon/app/portfolio.hpp"

namespace baselined::daemon {

/// A sentence for each, naming the measure and the remedy.
std::vector<std::string> misgivings_of_promises(const Portfolio& portfolio);

}  // namespace baselined::daemon
