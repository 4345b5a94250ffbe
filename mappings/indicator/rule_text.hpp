// A rule in words, as it was written: for who asks where a figure comes from.
#pragma once

#include <string>

#include "mappings/indicator/definition.hpp"

namespace baselined::mappings {

/// "reopen_count above 0 and state not cancelled"; empty for the condition that nobody wrote.
std::string rule_text(const ConditionDefinition& condition);
/// "share of incident records placed by resolved_at, where state is not cancelled; it counts those where
/// reopen_count is above 0". Of a ratio its own part only.
std::string rule_text(const IndicatorDefinition& indicator);

}  // namespace baselined::mappings
