// Paths as a configuration names them.
#pragma once

#include <string>
#include <vector>

namespace baselined::config {

/// A path that `file` names: relative to the folder that `file` lies in.
std::string resolved_path(const std::string& file, const std::string& written);
/// The files that a pattern matches, in the order of their names.
std::vector<std::string> files_matching(const std::string& pattern);

}  // namespace baselined::config
