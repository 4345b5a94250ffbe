// ${NAME}, ${file:PATH} and ${credential:NAME} in scalars, filled in while loading.
#pragma once

#include "config/yaml/tree.hpp"

namespace baselined::config {

/// Replaces them throughout the tree. What cannot be found is a problem at its place; no value is ever part
/// of a message.
void fill_in_secrets(YamlNode& node, Problems& problems);

}  // namespace baselined::config
