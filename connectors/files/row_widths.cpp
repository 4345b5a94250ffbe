#include "connectors/files/row_widths.hpp"

#include <fmt/format.h>

namespace baselined::connectors {

bool RowWidths::is_cut(const TableReader& table) {
    if (table.cells().size() >= columns_) return false;
    if (table.ends_with_file() && !has_short_) return true;
    has_short_ = true;
    return false;
}

std::string RowWidths::text(const TableReader& table, std::string_view file) const {
    return fmt::format(
        "{}: ends within row {}, which has {} of {} cells and no line end: it was not copied whole; copy it "
        "again, or end that line should nothing be missing",
        file, table.row_number(), table.cells().size(), columns_);
}

}  // namespace baselined::connectors
