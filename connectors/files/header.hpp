// Column names out of the rows that hold them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "mappings/record/cell.hpp"

namespace baselined::connectors {

/// The texts of one header row, from left to right; empty where a cell is.
std::vector<std::string> header_texts(std::span<const mappings::Cell> cells);

/// One name a column. Several rows are joined with "/": an upper cell reaches to the right over cells that
/// are empty, as merged cells do, unless nothing stands below it. The second column of a name is "Name (2)";
/// one without a name is called after its place.
std::vector<std::string> column_names(const std::vector<std::vector<std::string>>& header_rows);

}  // namespace baselined::connectors
