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

}  // namespace

std::vector<std::string> header_texts(std::span<const mappings::Cell> cells) {
    std::vector<std::string> texts;
    for (const mappings::Cell& cell : cells) texts.push_back(mappings::text_of(cell));
    while (!texts.empty() && texts.back().empty()) texts.pop_back();
    return texts;
}

std::vector<std::string> column_names(const std::vector<std::vector<std::string>>& header_rows) {
    std::vector<std::string> joined;
    for (auto row = header_rows.rbegin(); row != header_rows.rend(); ++row) {
        std::vector<std::string> upper = *row;
        if (row != header_rows.rbegin()) reach_right(upper, joined);
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

}  // namespace baselined::connectors
