// Whether a table ends within a row, as a CSV does that was not copied whole.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "connectors/files/table_reader.hpp"

namespace baselined::connectors {

/// Is shown each row of a table, in order.
class RowWidths {
  public:
    /// So many columns have a name.
    explicit RowWidths(std::size_t columns) : columns_(columns) {}

    /// Whether the row that was read last is cut: it has fewer cells than there are columns, no line end
    /// stands behind it, and no row before it was so short. Some programs leave empty cells at the end out.
    bool is_cut(const TableReader& table);
    /// For people, of a row that is.
    [[nodiscard]] std::string text(const TableReader& table, std::string_view file) const;

  private:
    std::size_t columns_;
    bool has_short_ = false;
};

}  // namespace baselined::connectors
