#include "connectors/files/header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "mappings/mapping/conversion.hpp"

namespace baselined::connectors {

namespace {

std::string at(const std::vector<std::string>& row, std::size_t column) {
    return column < row.size() ? row[column] : std::string{};
}

/// A title over one column alone was merged downwards, and reaches no further to the right.
void reach_right(std::vector<std::string>& upper, const std::vector<std::string>& lower) {
    upper.resize(std::max(upper.size(), lower.size()));
    std::string over;
    for (std::size_t column = 0; column < upper.size(); ++column) {
        const bool has_lower = !at(lower, column).empty();
        if (!upper[column].empty())
            over = has_lower ? upper[column] : std::string{};
        else if (has_lower)
            upper[column] = over;
        else
            over.clear();
    }
}

/// What the file says of titles over several columns.
void reach_over(std::vector<std::string>& upper, const std::vector<std::string>& lower,
                const std::vector<MergedCells>& merged) {
    upper.resize(std::max(upper.size(), lower.size()));
    for (const MergedCells& one : merged)
        for (std::size_t column = one.first + 1; column <= one.last && column < upper.size(); ++column)
            if (!at(lower, column).empty()) upper[column] = upper[one.first];
}

}  // namespace

std::vector<std::string> header_texts(std::span<const mappings::Cell> cells) {
    std::vector<std::string> texts;
    for (const mappings::Cell& cell : cells) texts.push_back(mappings::text_of(cell));
    while (!texts.empty() && texts.back().empty()) texts.pop_back();
    return texts;
}

std::vector<std::string> column_names(const std::vector<HeaderRow>& header_rows) {
    std::vector<std::string> joined;
    for (auto row = header_rows.rbegin(); row != header_rows.rend(); ++row) {
        std::vector<std::string> upper = row->texts;
        if (row != header_rows.rbegin())
            row->merged.empty() ? reach_right(upper, joined) : reach_over(upper, joined, row->merged);
        joined.resize(std::max(joined.size(), upper.size()));
        for (std::size_t column = 0; column < upper.size(); ++column) {
            const bool both = !upper[column].empty() && !joined[column].empty();
            joined[column] = upper[column] + (both ? "/" : "") + joined[column];
        }
    }
    std::vector<std::string> names;
    std::unordered_set<std::string> taken;
    std::unordered_map<std::string, int> seen;
    for (std::size_t column = 0; column < joined.size(); ++column) {
        const std::string name =
            joined[column].empty() ? fmt::format("Column {}", column + 1) : joined[column];
        int& count = seen.try_emplace(name, 2).first->second;
        std::string unique = name;
        while (taken.contains(unique)) unique = fmt::format("{} ({})", name, count++);
        taken.insert(unique);
        names.push_back(std::move(unique));
    }
    return names;
}

Result<std::vector<std::string>> read_header(TableReader& table, std::span<const int> rows,
                                             std::string_view name) {
    std::vector<HeaderRow> header;
    for (const int wanted : rows) {
        while (table.row_number() < wanted) {
            const auto more = table.next();
            if (!more) return more.error();
            if (!*more)
                return Error{ErrorCode::bad_input,
                             fmt::format("{}: has no row {} to take the column names from", name, wanted)};
        }
        // A row without anything in it is passed over: the one that came instead is not it.
        const bool is_it = table.row_number() == wanted;
        header.push_back({is_it ? header_texts(table.cells()) : std::vector<std::string>{}});
        if (!is_it && rows.size() == 1)
            return Error{ErrorCode::bad_input,
                         fmt::format("{}: row {}, where the column names should be, is empty: "
                                     "name their row with `header_row`",
                                     name, wanted)};
    }
    if (rows.size() == 1) return column_names(header);
    const auto merged = table.merged(rows.back());
    if (!merged) return merged.error();
    for (const MergedCells& one : *merged)
        for (std::size_t index = 0; index < rows.size(); ++index)
            if (rows[index] == one.row) header[index].merged.push_back(one);
    return column_names(header);
}

}  // namespace baselined::connectors
