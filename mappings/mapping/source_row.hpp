// The two forms of a source's row, a table's cells and a JSON value, as one: an origin asked, a cell
// answered.
#pragma once

#include <rapidjson/document.h>

#include <span>
#include <string>

#include "mappings/mapping/compiled_rule.hpp"
#include "mappings/record/cell.hpp"

namespace baselined::mappings {

class SourceRow {
  public:
    virtual ~SourceRow() = default;
    /// The cell as it came. Texts that the row does not hold itself are put into `buffer`.
    [[nodiscard]] virtual Cell at(const CompiledOrigin& origin, std::string& buffer) const = 0;
};

class TableRow final : public SourceRow {
  public:
    explicit TableRow(std::span<const Cell> cells) : cells_(cells) {}
    [[nodiscard]] Cell at(const CompiledOrigin& origin, std::string& /*buffer*/) const override {
        return origin.column < cells_.size() ? cells_[origin.column] : Cell{};
    }

  private:
    std::span<const Cell> cells_;
};

/// `element` is what `each` stands at, or the row itself.
class JsonRow final : public SourceRow {
  public:
    JsonRow(const rapidjson::Value& row, const rapidjson::Value& element) : row_(row), element_(element) {}
    [[nodiscard]] Cell at(const CompiledOrigin& origin, std::string& buffer) const override;

  private:
    [[nodiscard]] Cell field(const CompiledOrigin& origin, std::string& buffer) const;
    [[nodiscard]] Cell link(const CompiledOrigin& origin, std::string& buffer) const;

    const rapidjson::Value& row_;
    const rapidjson::Value& element_;
};

}  // namespace baselined::mappings
