#include "mappings/mapping/definition.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace baselined::mappings {

namespace {

std::string scalar_text(const std::optional<Scalar>& scalar) {
    return scalar ? fmt::format("\"{}\"", scalar->text) : "-";
}

std::string rule_text(const ValueRule& rule) {
    std::string text;
    for (const Origin& origin : rule.from)
        text += fmt::format("{}:\"{}\".\"{}\" ", static_cast<int>(origin.by), origin.name, origin.path);
    text += fmt::format(
        "joined {} with \"{}\" value {} as {} format \"{}\" zone {} decimal \"{}\" group \"{}\" match {} "
        "otherwise {} map",
        rule.joined, rule.with, scalar_text(rule.value), scalar_text(rule.as), rule.format.value_or(""),
        scalar_text(rule.timezone), rule.decimal, rule.group, scalar_text(rule.match),
        scalar_text(rule.otherwise));
    std::vector<std::string> entries;
    for (const auto& [from, to] : rule.map) entries.push_back(fmt::format(" \"{}\"=\"{}\"", from, to.text));
    std::sort(entries.begin(), entries.end());
    for (const std::string& entry : entries) text += entry;
    return text;
}

std::string named_rule(const std::string& name, const std::optional<ValueRule>& rule) {
    return rule ? fmt::format("{}: {}\n", name, rule_text(*rule)) : std::string{};
}

std::string frame_text(const MappingDefinition& mapping) {
    std::string text =
        fmt::format("mapping {} each {} skip {} empty", name_of(mapping.kind), scalar_text(mapping.each),
                    mapping.has_skip ? canonical_text(mapping.skip) : "-");
    std::vector<std::string> empty = mapping.empty;
    std::sort(empty.begin(), empty.end());
    for (const std::string& one : empty) text += fmt::format(" \"{}\"", one);
    return text + "\n" + named_rule("id", mapping.id);
}

}  // namespace

std::vector<Origin> origins_of(const MappingDefinition& mapping) {
    std::vector<Origin> origins;
    const auto add = [&](const ValueRule& rule) {
        origins.insert(origins.end(), rule.from.begin(), rule.from.end());
    };
    for (const auto* rule : {&mapping.id, &mapping.number, &mapping.updated_at})
        if (*rule) add(**rule);
    for (const FieldRule& field : mapping.fields) add(field.rule);
    if (mapping.each) {
        for (Origin& origin : origins)  // what an element holds comes with the array
            if (origin.by == Origin::By::path && !origin.name.starts_with("$."))
                origin.name = mapping.each->text;
        origins.push_back({Origin::By::path, mapping.each->text, "", mapping.each->mark});
    }
    return origins;
}

std::string canonical_text(const MappingDefinition& mapping) {
    std::vector<std::string> fields;
    for (const FieldRule& field : mapping.fields) fields.push_back(field.name);
    fields.insert(fields.end(), {"number", "updated_at"});
    return canonical_text(mapping, fields);
}

std::string canonical_text(const MappingDefinition& mapping, const std::vector<std::string>& fields) {
    const auto is_wanted = [&](const std::string& name) {
        return std::find(fields.begin(), fields.end(), name) != fields.end();
    };
    std::vector<std::string> rules;
    if (is_wanted("number")) rules.push_back(named_rule("number", mapping.number));
    if (is_wanted("updated_at")) rules.push_back(named_rule("updated_at", mapping.updated_at));
    for (const FieldRule& field : mapping.fields)
        if (is_wanted(field.name)) rules.push_back(named_rule(field.name, field.rule));
    std::sort(rules.begin(), rules.end());
    std::string text = frame_text(mapping);
    for (const std::string& rule : rules) text += rule;
    return text;
}

}  // namespace baselined::mappings
