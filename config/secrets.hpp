// ${NAME}, ${file:PATH} and ${credential:NAME} in scalars, filled in while loading.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/yaml/tree.hpp"

namespace baselined::config {

/// A reference that nothing fills, and the remedy.
struct Unfilled {
    Problem problem;
    bool is_login = false;     ///< it stands where only somebody who connects looks
    bool is_services = false;  ///< systemd gives it to the service, and this is not the service
};

/// References and the values that took their places, and those that found none: they stand as they are.
struct FilledIn {
    std::vector<std::pair<std::string, std::string>> values;
    std::vector<Unfilled> unfilled;
};

/// Replaces references throughout the tree, and makes confidential what stands where secrets do.
FilledIn fill_in_secrets(YamlNode& node);
/// What was found fault with in words that were not filled in goes.
void tell_once(const std::vector<Unfilled>& unfilled, Problems& problems);
/// Puts the references back wherever a problem's text quotes a value. Values of less than four characters
/// stay.
void take_out(const FilledIn& filled, Problems& problems);

}  // namespace baselined::config
