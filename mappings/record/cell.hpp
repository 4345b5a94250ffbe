// One value as a source gave it: a cell of a spreadsheet, a field of a CSV, a leaf of a JSON row.
#pragma once

#include <cstdint>
#include <string_view>

namespace baselined::mappings {

enum class CellType : std::uint8_t {
    empty,
    text,
    number,
    boolean,
    date,      ///< a day without a time
    datetime,  ///< a wall clock's reading without a zone
    time,      ///< a time of day
    duration,
    error,     ///< a spreadsheet's error value; its text is "#N/A" and the like
    uncached,  ///< a formula saved without its value
    list,      ///< texts of a JSON array, parted by list_separator
    tree,      ///< a JSON object, or an array of such: no value; its text shows the beginning
};

/// Parts the items of a list; no text holds it (ASCII's unit separator).
inline constexpr char list_separator = '\x1f';

/// A view: `text` points into the reader's row and is good until the next row is read.
struct Cell {
    CellType type = CellType::empty;
    std::string_view text;  ///< text, error, list, tree: UTF-8
    double number = 0;      ///< number; boolean: 0 or 1
    std::int64_t seconds =
        0;  ///< date, datetime: since 1970-01-01T00:00 local; time: since midnight; duration: its length
};

inline Cell text_cell(std::string_view text) {
    return {CellType::text, text, 0, 0};
}
inline Cell number_cell(double number) {
    return {CellType::number, {}, number, 0};
}

}  // namespace baselined::mappings
