// ${NAME}, ${file:PATH} and ${credential:NAME} in scalars, filled in while loading.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/yaml/tree.hpp"

namespace baselined::config {

/// References and the values that took their places.
using FilledIn = std::vector<std::pair<std::string, std::string>>;

/// Replaces them throughout the tree. What cannot be found is a problem at its place.
FilledIn fill_in_secrets(YamlNode& node, Problems& problems);
/// What was found fault with after the first `missing` problems, of words that were not filled in, goes.
void tell_once(std::size_t missing, Problems& problems);
/// Puts the references back wherever a problem's text quotes a value. Values of less than four characters
/// stay.
void take_out(const FilledIn& filled, Problems& problems);

}  // namespace baselined::config
