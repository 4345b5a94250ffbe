#include "daemon/app/column_lacks.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace baselined::daemon {

namespace {

bool contains(const std::vector<std::string>& fields, std::string_view field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
}

}  // namespace

std::string no_column(const mappings::UnboundField& field) {
    return fmt::format("no column \"{}\"", fmt::join(field.columns, "\" or \""));
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
