// From a cell to a typed value: the conversions of design.md, "Mapping".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mappings/record/cell.hpp"
#include "mappings/record/time.hpp"

namespace baselined::mappings {

/// A cell as text: a number has no `.0`, a day is 2026-01-31, a time of day 13:45:30.
std::string text_of(const Cell& cell);

/// What is said of CellType::uncached, which no value can be made of.
inline constexpr std::string_view saved_without_value =
    "formulas were saved without their values: open it in a spreadsheet and save it anew";
inline constexpr const char* one_saved_without_value =
    "a formula was saved without its value: open it in a spreadsheet and save it anew";

/// Whether `format` says how to read a date: strptime's letters, but no names of zones, which are ambiguous,
/// and seconds of the epoch only by themselves.
bool is_format(std::string_view format);

/// `group` parts thousands. `7.5%` is 0.075.
std::optional<double> to_number(const Cell& cell, std::string_view decimal, std::string_view group);
std::optional<std::int64_t> to_integer(const Cell& cell, std::string_view group);
/// true, false, yes, no, 1, 0, x; upper case too.
std::optional<bool> to_boolean(const Cell& cell);
/// Seconds: a number, HH:MM[:SS], or ServiceNow's epoch plus seconds (1970-01-20 05:38:50).
std::optional<double> to_duration(const Cell& cell);
/// With an empty `format`: ISO 8601, ServiceNow's, Jira's, a date cell, epoch milliseconds. Without an offset
/// of its own the reading is in `zone`.
std::optional<Instant> to_timestamp(const Cell& cell, const std::string& format, const date::time_zone* zone);

}  // namespace baselined::mappings
