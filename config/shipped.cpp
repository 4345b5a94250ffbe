#include "config/shipped.hpp"

#include "config/config.hpp"

namespace baselined::config {

std::string_view shipped(std::string_view name) {
    for (const ShippedFile& file : shipped_files())
        if (file.name == name) return file.text;
    return {};
}

std::vector<std::string> shipped_mappings() {
    std::vector<std::string> names;
    for (const ShippedFile& file : shipped_files())
        if (file.name.find('/') != std::string_view::npos) names.emplace_back(file.name);
    return names;
}

}  // namespace baselined::config
