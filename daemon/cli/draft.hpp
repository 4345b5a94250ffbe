// A mapping to start from, made of a few rows: what fields there are, how often they are filled, with what.
#pragma once

#include <string>

#include "config/source.hpp"
#include "connectors/page.hpp"

namespace baselined::daemon {

/// YAML. Where the table, or the type of all issues, tells what the rows are: the shipped mapping of those,
/// which `check` takes as it is. Else columns by their names as rules, with a kind that has to be filled in
/// first. All columns stand there as comments.
std::string draft_of(const connectors::Page& page, const config::Source& source,
                     const config::Stream& stream);

}  // namespace baselined::daemon
