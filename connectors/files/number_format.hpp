// What a spreadsheet's number means under its format: a number, a day, a time, a duration, a truth value.
#pragma once

#include <string_view>

#include "mappings/record/cell.hpp"

namespace baselined::connectors {

enum class NumberMeaning {
    number,
    moment,  ///< a day, perhaps with a time
    clock,   ///< a time of day, as far as its format shows
    duration,
    boolean
};

/// Of a format code as `dd/mm/yyyy hh:mm` (ECMA-376 part 1, 18.8.31). Only its first section counts.
NumberMeaning meaning_of(std::string_view format_code);
/// Of the formats that a file does not spell out, by their number (ECMA-376 part 1, 18.8.30).
NumberMeaning meaning_of_builtin(int format);

/// Day 0 of the workbook's numbers: 30 Dec 1899, or 1 Jan 1904 where the workbook says so.
enum class DateSystem { from_1900, from_1904 };

/// The number as that; a moment at midnight is a day. Times are rounded to the second: a spreadsheet keeps 15
/// digits, and 23:59:59 is 0.99998842592592. What is no moment (day 60 of 1900, which never was; before the
/// first or after 9999) stays a number.
mappings::Cell cell_of_number(double number, NumberMeaning meaning, DateSystem system);

/// "2026-01-31", "2026-01-31T13:45:30.5", "13:45:30" as a cell (an offset is passed over; midnight is a day);
/// CellType::empty when it is none.
mappings::Cell cell_of_iso(std::string_view text);

}  // namespace baselined::connectors
