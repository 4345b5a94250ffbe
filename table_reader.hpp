// Rows of a table in a file, whatever kind of file it is: CSV, XLSX or ODS.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mappings/record/cell.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors {

/// What the user said about the file; empty: found out from its bytes.
struct TableOptions {
    std::string delimiter;
    std::string encoding;
    std::string sheet;  ///< default: the first that is visible
};

struct SheetInfo {
    std::string name;
    std::string state;  ///< visible, hidden or veryHidden
    friend bool operator==(const SheetInfo&, const SheetInfo&) = default;
};

/// One table, row by row, in bounded memory. Not for several threads.
class TableReader {
  public:
    virtual ~TableReader() = default;

    /// The next row with anything in it; false at the end, when the whole file has proved good. An error names
    /// the file and the place.
    virtual Result<bool> next() = 0;
    /// Good until the next call.
    [[nodiscard]] virtual std::span<const mappings::Cell> cells() const = 0;
    [[nodiscard]] virtual std::int64_t row_number() const = 0;       ///< from 1, empty rows counted
    [[nodiscard]] virtual std::int64_t line() const = 0;             ///< where the row began, from 1
    [[nodiscard]] virtual const std::string& encoding() const = 0;   ///< empty for spreadsheets
    [[nodiscard]] virtual char delimiter() const = 0;                ///< '\0' for spreadsheets
    [[nodiscard]] virtual const std::string& sheet() const = 0;      ///< empty for a CSV
    /// None for a CSV. For an ODS the first call reads the file once through: its sheets are listed nowhere.
    virtual Result<std::vector<SheetInfo>> sheets() = 0;
};

/// Looks at the file's content, not at its name; gzip may wrap any of them. What cannot be read is refused with
/// a text that says what to do.
Result<std::unique_ptr<TableReader>> open_table(const std::string& path, const TableOptions& options);

/// The sheet to read: the one of that name, else the first visible one, else the first. The error lists them.
Result<std::size_t> choose_sheet(const std::vector<SheetInfo>& sheets, const std::string& wanted,
                                 const std::string& path);

}  // namespace baselined::connectors
