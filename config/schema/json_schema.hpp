// The table as a JSON Schema (draft-07), which editors check and complete YAML by.
#pragma once

#include <string>
#include <string_view>

namespace baselined::config::schema {

/// Of one kind of file (`file_kinds`), indented. It refuses what the readers refuse, as far as a schema can
/// say it; only it refuses keys without a value, and odd ways to write a number or a URL.
std::string json_schema(std::string_view file_kind);

}  // namespace baselined::config::schema
