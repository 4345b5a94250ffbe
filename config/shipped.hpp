// The YAML that the program carries inside: indicators, mappings and the scaffold of a configuration.
#pragma once

#include <string_view>
#include <vector>

namespace baselined::config {

struct ShippedFile {
    std::string_view name;  ///< without ".yaml": "servicenow/incident"
    std::string_view text;
};

/// Made by embed.cmake.
const std::vector<ShippedFile>& shipped_files();

/// Made by embed.cmake of packaging/scaffold: what `baselined init` writes.
const std::vector<ShippedFile>& scaffold_files();

}  // namespace baselined::config
