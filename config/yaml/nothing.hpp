// Keys and entries of lists with nothing behind them: `where:` alone, `where: null`.
#pragma once

#include <string_view>

#include "config/yaml/tree.hpp"

namespace baselined::config {

/// Notes each of them, in whatever map or list it stands: a key that somebody wrote means something, and is
/// not to count as absent. `file_kind` is one of schema::file_kinds; where its schema has "nothing" it may
/// stand. Readers need not tell what was told here.
void refuse_nothing(const YamlNode& tree, std::string_view file_kind, Problems& problems);

}  // namespace baselined::config
