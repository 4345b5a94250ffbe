// What holds: every value of the main file or of a measure, those that nobody wrote included.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/yaml/tree.hpp"

namespace baselined::config {

struct Setting {
    std::string key;                  ///< sources.acme.poll, alerts.routes[0].to
    std::vector<std::string> values;  ///< one, unless `is_list`; paths resolved, secrets masked
    bool is_list = false;
    std::vector<std::string> files;  ///< that the values, patterns, match
    std::optional<Mark> mark;        ///< where it stands; nullopt: nowhere, it is the default
};

/// In the order of the table of keys. `written` is the file's tree before secrets are filled in: a reference
/// is shown as it stands, and what looks like a secret and is none is shown as "(hidden)". Keys that the
/// table does not know are left out. `file` is the file's path.
std::vector<Setting> effective_settings(const YamlNode& written, const std::string& file);
/// The same of one measure, `node`, with keys from its top on.
std::vector<Setting> effective_measure(const YamlNode& node, const std::string& file);

}  // namespace baselined::config
