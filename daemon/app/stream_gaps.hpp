// Streams of which not everything is stored: rows without a field of the mapping, or rows that are hidden.
// And what they lack that no figure needs.
#pragma once

#include "connectors/page.hpp"
#include "daemon/app/portfolio.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Keeps what a complete reading said of gaps and remarks, until the next one.
void keep_gaps(const StreamPlan& plan, const connectors::Notes& notes, Store& store);
/// The same, in the source's words; empty: everything is there.
std::string gaps_of(const StreamPlan& plan, Store& store);
/// What is worth saying, and no failure; empty: nothing.
std::string remarks_of(const StreamPlan& plan, Store& store);

}  // namespace baselined::daemon
