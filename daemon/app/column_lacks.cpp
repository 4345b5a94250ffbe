#include "daemon/app/column_lacks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/store/misfits.hpp"
#include "daemon/store/raw_rows.hpp"

namespace baselined::daemon {

namespace {

bool contains(const std::vector<std::string>& fields, std::string_view field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
}

/// By the name that it has in stores.
std::string fact_of(const StreamPlan& plan) {
    return "column_lacks:" + plan.source->name + "/" + plan.stream->name;
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

LackingFiles lacking_files(StreamPlan& plan, Store& store) {
    LackingFiles files;
    for (const FileShape& file : store.shapes_of_files(store.stream(plan.source->name, plan.stream->name).id))
        if (auto lacks = column_lacks(plan, decode_names(file.shape)); !lacks.empty())
            files.emplace(file.name, std::move(lacks));
    return files;
}

void keep_lacking_files(const StreamPlan& plan, const LackingFiles& files, Store& store) {
    std::vector<Misfit> lacks;  // a field's first file, and how many there are
    for (const auto& [name, own] : files)
        for (const ColumnLack& lack : own)
            count_misfit(lacks, lack.field, fmt::format("{} has {}", name, lack.text));
    if (lacks.empty())
        store.clear_fact(fact_of(plan));
    else
        store.set_fact(fact_of(plan), misfits_to_text(lacks));
}

std::string lacks_of(const MeasurePlan& measure, const StreamPlan& stream, Store& store) {
    std::vector<Misfit> lacks;
    add_misfits(lacks, store.fact(fact_of(stream)).value_or(""));
    std::string text;
    for (const Misfit& lack : lacks) {
        if (!contains(measure.needed, lack.field)) continue;
        text += (text.empty() ? "" : ", ") + lack.example;
        if (lack.count > 1) text += fmt::format(" (and {} more)", lack.count - 1);
    }
    return text;
}

}  // namespace baselined::daemon
