// One field's way from a row to a value, with everything looked up beforehand. Private to this folder.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mappings/mapping/definition.hpp"
#include "mappings/mapping/json_path.hpp"
#include "mappings/record/record.hpp"

namespace baselined::mappings {

enum class As { text, integer, number, boolean, timestamp, duration, list, choice };

/// An Origin made ready for both forms of rows.
struct CompiledOrigin {
    static constexpr std::size_t no_column = static_cast<std::size_t>(-1);

    Origin::By by = Origin::By::path;
    std::string name;                    ///< as written: a table's column
    std::size_t column = no_column;      ///< bound to a table
    bool from_parent = false;            ///< `$.`: from the row, not from the element that `each` stands at
    JsonPath path;                       ///< of a path; or what is walked on from a Jira field or link
    std::vector<std::string> field_ids;  ///< of a Jira field: every id that has its name
};

struct CompiledRule {
    std::string field;
    Slot slot = 0;
    As as = As::text;
    std::vector<CompiledOrigin> origins;  ///< what `from` or `join` read
    std::optional<std::string> constant;
    bool joined = false;
    std::string with;
    std::string format, decimal, group;
    const date::time_zone* zone = nullptr;
    std::unique_ptr<re2::RE2> match;
    bool has_map = false;
    std::unordered_map<std::string, std::string> map;
    std::optional<std::string> otherwise;
    std::vector<std::string_view> choices;  ///< a copy: attributes that come later move the schema's fields
    std::string text;                       ///< used again row after row
};

}  // namespace baselined::mappings
