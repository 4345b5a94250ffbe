// Column names out of the rows that hold them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/files/table_reader.hpp"
#include "mappings/record/cell.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors {

/// The texts of one header row, from left to right; empty where a cell is.
std::vector<std::string> header_texts(std::span<const mappings::Cell> cells);

/// One header row: its texts, and the columns over which a text reaches where the file says so.
struct HeaderRow {
    std::vector<std::string> texts;
    std::vector<MergedCells> merged = {};
};

/// One name a column. Several rows are joined with "/". Where a row has merged cells, their text stands over
/// their columns and no others; in one without, as in any CSV, an upper cell reaches to the right over cells
/// that are empty, unless nothing stands below it. The second column of a name is "Name (2)";
/// one without a name is called after its place.
std::vector<std::string> column_names(const std::vector<HeaderRow>& header_rows);

/// Reads a table up to the last of its header rows (numbers from 1, from the top down) and makes the columns'
/// names of them. `name` is the file's, for errors: there is no such row, or there is nothing in it.
Result<std::vector<std::string>> read_header(TableReader& table, std::span<const int> rows,
                                             std::string_view name);

}  // namespace baselined::connectors
