#include "daemon/app/column_fit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/store/misfits.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

constexpr std::int64_t fewest_listed = 10;

}  // namespace

ColumnFit::ColumnFit(StreamPlan& plan) : plan_(plan) {
    if (!plan.feeds_measures) return;
    for (std::size_t index = 0; index < plan.mappings.size(); ++index)
        for (const auto& field : plan.mappings[index].filled())
            if (field.takes != mappings::FilledField::Takes::texts &&
                std::find(plan.needed.begin(), plan.needed.end(), field.field) != plan.needed.end())
                fields_.push_back({std::string(field.field), index, field, 0, 0, {}});
}

void ColumnFit::look_at(std::span<const mappings::Cell> row) {
    for (std::size_t index = 0; index < plan_.mappings.size(); ++index) {
        mappings::CompiledMapping& mapping = plan_.mappings[index];
        found_.clear();
        if (mapping.map(row, found_) != mappings::Outcome::record) continue;
        for (Field& field : fields_) {
            if (field.mapping != index) continue;
            const auto misfit = std::find_if(found_.begin(), found_.end(),
                                             [&](const auto& one) { return one.field == field.name; });
            if (misfit == found_.end()) {
                field.fits += mapping.record().has(field.filled.slot) ? 1 : 0;
            } else if (++field.misfits == 1) {
                field.example = misfit->example;
            }
        }
    }
}

std::vector<ColumnLack> ColumnFit::misfits(std::int64_t fewest) const {
    std::vector<ColumnLack> misfits;
    for (const Field& field : fields_) {
        const std::int64_t values = field.fits + field.misfits;
        const bool is_listed = field.filled.takes == mappings::FilledField::Takes::listed;
        const bool is_strange = is_listed ? field.fits == 0 && values >= fewest_listed
                                          : field.misfits > field.fits && values >= fewest;
        if (!is_strange) continue;
        misfits.push_back(
            {field.name, fmt::format("{} of {} values do not fit `{}`, as \"{}\"", field.misfits, values,
                                     field.name, mappings::visible(shortened(field.example)))});
    }
    return misfits;
}

}  // namespace baselined::daemon
