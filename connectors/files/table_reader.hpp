// A table in a file, row by row, whatever wrote it: CSV, XLSX or ODS, packed with gzip or not.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mappings/record/cell.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors {

/// What the user said about the file; empty: found out from its bytes.
struct TableOptions {
    std::string delimiter;  ///< CSV
    std::string encoding;   ///< CSV
    std::string sheet;      ///< XLSX, ODS; empty: the first that is visible
};

struct Sheet {
    std::string name;
    std::string state;  ///< visible, hidden, veryHidden
};

/// Cells of a row that the file says are one: a title over several columns.
struct MergedCells {
    std::int64_t row = 0;             ///< from 1
    std::size_t first = 0, last = 0;  ///< columns, from 0
};

/// One table as a stream: memory does not grow with the rows. Not for several threads.
class TableReader {
  public:
    TableReader() = default;
    TableReader(const TableReader&) = delete;
    TableReader& operator=(const TableReader&) = delete;
    virtual ~TableReader() = default;

    /// The next row with anything in it; false at the end. An error names the place; after it the reader is
    /// of no more use.
    virtual Result<bool> next() = 0;
    /// Good until the next call. Cells after the last that holds something may be left out.
    [[nodiscard]] virtual std::span<const mappings::Cell> cells() const = 0;
    [[nodiscard]] virtual std::int64_t row_number() const = 0;  ///< from 1, empty rows counted
    /// Whether a CSV ends with the row that was read last, without a line end behind it.
    [[nodiscard]] virtual bool ends_with_file() const { return false; }
    /// Of a CSV; nothing in a spreadsheet.
    [[nodiscard]] virtual std::optional<std::string> encoding() const { return std::nullopt; }
    [[nodiscard]] virtual std::optional<char> delimiter() const { return std::nullopt; }
    /// Of a spreadsheet; nothing in a CSV.
    [[nodiscard]] virtual std::vector<Sheet> sheets() const { return {}; }
    [[nodiscard]] virtual std::string sheet() const { return {}; }
    /// Those in rows up to `last_row`, which has been read; a CSV has none.
    virtual Result<std::vector<MergedCells>> merged(std::int64_t /*last_row*/) {
        return std::vector<MergedCells>{};
    }
};

/// Looks at what the file holds, not at its name. Fails with a text that says what it is and what to do: an
/// old .xls, a password, HTML in disguise, a damaged or empty file, a sheet that is not there.
Result<std::unique_ptr<TableReader>> open_table(const std::string& path, const TableOptions& options);

}  // namespace baselined::connectors
