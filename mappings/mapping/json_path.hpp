// A path into a JSON row, `fields.components[0].name`, cut into steps once.
#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>
#include <vector>

#include "mappings/record/cell.hpp"

namespace baselined::mappings {

class JsonPath {
  public:
    JsonPath() = default;
    explicit JsonPath(std::string_view text);

    [[nodiscard]] bool empty() const { return steps_.empty(); }
    /// What stands there, or a null pointer. On every level a key that is the whole rest of the path wins
    /// over walking: ServiceNow's dot-walked fields are flat keys with dots.
    [[nodiscard]] const rapidjson::Value* find(const rapidjson::Value& root) const;

  private:
    struct Step {
        std::string key;  ///< empty for an index
        rapidjson::SizeType index = 0;
        std::string rest;  ///< the path from here on, as written
    };

    std::vector<Step> steps_;
};

/// A leaf as a cell. An array of leaves is CellType::list, its items put into `buffer`, as is any text that
/// the document does not hold itself; an object, or an array of them, is CellType::tree.
Cell cell_of(const rapidjson::Value& value, std::string& buffer);

}  // namespace baselined::mappings
