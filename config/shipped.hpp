// The YAML that the program carries inside: indicators and mappings of mappings/library.
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

}  // namespace baselined::config
