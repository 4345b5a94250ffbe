#include "daemon/app/column_lacks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

bool contains(const std::vector<std::string>& fields, std::string_view field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
}

}  // namespace

std::string no_column(const mappings::UnboundField& field) {
    std::string names;
    for (const std::string_view name : field.columns)
        names += fmt::format("{}\"{}\"", names.empty() ? "" : " or ", mappings::visible(name));
    return "no column " + names;
}

std::vector<ColumnLack> column_lacks(StreamPlan& plan, const std::vector<std::string>& columns) {
    std::vector<ColumnLack> lacks;
    for (auto& mapping : plan.mappings) {
        mapping.bind(columns);
        for (const auto& field : mapping.unbound())
            if (contains(plan.needed, field.field))
                lacks.push_back(
                    {std::string(field.field), fmt::format("{} for `{}`{}", no_column(field), field.field,
                                                           did_you_mean(field.columns.front(), columns))});
    }
    return lacks;
}

std::string text_of(const std::vector<ColumnLack>& lacks) {
    std::string text;
    for (const ColumnLack& lack : lacks) text += (text.empty() ? "" : ", ") + lack.text;
    return text;
}

}  // namespace baselined::daemon
