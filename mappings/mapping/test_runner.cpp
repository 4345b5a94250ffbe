// A mapping's own tests: each `given` is a row of texts, each `expect` what must come out of it.
#include <fmt/format.h>
#include <rapidjson/document.h>

#include "mappings/mapping/compiled_mapping.hpp"
#include "mappings/mapping/conversion.hpp"

namespace baselined::mappings {

namespace {

struct GivenRow {
    std::vector<std::string> columns;
    std::vector<std::string> texts;
    std::vector<Cell> cells;
};

GivenRow read_given(const std::string& json) {
    GivenRow row;
    rapidjson::Document document;
    document.Parse(json.data(), json.size());
    if (!document.IsObject()) return row;
    for (const auto& member : document.GetObject()) {
        row.columns.emplace_back(member.name.GetString(), member.name.GetStringLength());
        row.texts.emplace_back(member.value.IsString() ? member.value.GetString() : "");
    }
    for (const std::string& text : row.texts) row.cells.push_back(text.empty() ? Cell{} : text_cell(text));
    return row;
}

std::string text_of(const Value& value, const Field& field) {
    if (!value.present) return {};
    switch (value.type) {
        case Type::text:
            return std::string(value.text);
        case Type::integer:
            return std::to_string(value.integer);
        case Type::number:
            return fmt::format("{}", value.number);
        case Type::boolean:
            return value.integer != 0 ? "true" : "false";
        case Type::timestamp:
            return format_rfc3339(value.instant());
        case Type::choice:
            return std::string(field.choices[static_cast<std::size_t>(value.integer)]);
        case Type::list: {
            std::string text;
            for (const auto item : Record::list_items(value.text))
                text += (text.empty() ? "" : ", ") + std::string(item);
            return text;
        }
    }
    return {};
}

bool is_same(const std::string& expected, const std::string& got, Type type) {
    if (expected == got) return true;
    if (type == Type::timestamp) {
        const auto a = parse_rfc3339(expected), b = parse_rfc3339(got);
        return a && b && *a == *b;
    }
    if (type != Type::number) return false;
    const auto a = to_number(text_cell(expected), ".", ""), b = to_number(text_cell(got), ".", "");
    return a && b && *a == *b;
}

std::string shown(const std::string& text) {
    return text.empty() ? "no value" : "\"" + text + "\"";
}

std::string outcome_text(Outcome outcome) {
    return outcome == Outcome::record    ? "a record"
           : outcome == Outcome::skipped ? "skipped"
                                         : "rejected: it has no id";
}

}  // namespace

Problems run_tests(const MappingDefinition& definition, CompiledMapping& mapping, const Schemas& schemas) {
    Problems differences;
    const Schema& schema = schemas.of(definition.kind);
    for (const MappingTest& test : definition.tests) {
        const GivenRow row = read_given(test.given_json);
        mapping.bind(row.columns);
        std::vector<ValueMisfit> misfits;
        const Outcome outcome = mapping.map(row.cells, misfits);
        const Outcome wanted = test.expect_skipped    ? Outcome::skipped
                               : test.expect_rejected ? Outcome::rejected
                                                      : Outcome::record;
        if (outcome != wanted) {
            differences.push_back({test.mark, fmt::format("this test's row should be {}, it is {}",
                                                          outcome_text(wanted), outcome_text(outcome))});
            continue;
        }
        if (outcome != Outcome::record) continue;
        for (const auto& [name, expected] : test.expect) {
            const auto slot = schema.find(name);
            if (!slot) {
                differences.push_back(
                    {expected.mark, fmt::format("{} has no field \"{}\" and the mapping makes none",
                                                name_of(definition.kind), name)});
                continue;
            }
            const std::string got = text_of(mapping.record().get(*slot), schema.field(*slot));
            if (!is_same(expected.text, got, schema.field(*slot).type))
                differences.push_back({expected.mark, fmt::format("{}: expected {}, got {}", name,
                                                                  shown(expected.text), shown(got))});
        }
    }
    return differences;
}

}  // namespace baselined::mappings
