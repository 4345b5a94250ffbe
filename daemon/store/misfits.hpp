// The values that did not fit, as the store keeps them beside a block: JSON text, one entry a field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Counts one value that did not fit; the first of a field is kept as its example.
void count_misfit(std::vector<Misfit>& misfits, std::string_view field, std::string_view example,
                  std::int64_t count = 1);
/// Cut where it is too long for people.
std::string_view shortened(std::string_view example);
std::string misfits_to_text(const std::vector<Misfit>& misfits);  ///< empty for none
void add_misfits(std::vector<Misfit>& sum, std::string_view text);

}  // namespace baselined::daemon
