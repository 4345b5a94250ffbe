// A mapping to start from, made of a few rows: what fields there are, how often they are filled, with what.
#pragma once

#include <string>

#include "connectors/page.hpp"

namespace baselined::daemon {

/// YAML that `check` takes as it is: guessed fields stand as rules, the others as comments.
std::string draft_of(const connectors::Page& page, const std::string& stream);

}  // namespace baselined::daemon
