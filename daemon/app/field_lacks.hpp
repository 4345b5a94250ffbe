// Streams whose rows are stored without a field of the mapping.
#pragma once

#include "connectors/page.hpp"
#include "daemon/app/portfolio.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Keeps what a complete reading said of fields, until the next one.
void keep_field_lacks(const StreamPlan& plan, const connectors::Notes& notes, Store& store);
/// The same, in the source's words; empty: every field is there.
std::string field_lacks(const StreamPlan& plan, Store& store);

}  // namespace baselined::daemon
