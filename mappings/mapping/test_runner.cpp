// A mapping's own tests: each `given` is a row of texts, each `expect` what must come out of it.
#include <fmt/format.h>
#include <rapidjson/document.h>

#include "mappings/mapping/compiled_mapping.hpp"
#include "mappings/mapping/conversion.hpp"

namespace baselined::mappings {

namespace {

/// Jira's answer names its fields when asked to (`names`); without that a field stands under its own name.
std::vector<JiraField> fields_of(const rapidjson::Document& row) {
    std::vector<JiraField> fields;
    if (!row.IsObject()) return fields;
    if (const auto names = row.FindMember("names"); names != row.MemberEnd() && names->value.IsObject())
        for (const auto& member : names->value.GetObject())
            if (member.value.IsString())
                fields.push_back({member.value.GetString(), member.name.GetString()});
    if (const auto own = row.FindMember("fields"); own != row.MemberEnd() && own->value.IsObject())
        for (const auto& member : own->value.GetObject())
            fields.push_back({member.name.GetString(), member.name.GetString()});
    return fields;
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

/// What one row made: its records, copied, in the order of the elements that made them.
struct Made {
    Outcome outcome = Outcome::record;
    Record record;
};

class TestRun {
  public:
    TestRun(const MappingDefinition& definition, CompiledMapping& mapping, const Schemas& schemas)
        : kind_(definition.kind), mapping_(mapping), schema_(schemas.of(definition.kind)) {}

    void run(const MappingTest& test) {
        const std::vector<Made> made = map(test.given_json);
        if (test.expects_list && made.size() != test.expect.size())
            return differ(test.mark, fmt::format("this test's row should make {} records, it makes {}",
                                                 test.expect.size(), made.size()));
        if (made.empty() && !test.expect.empty()) return differ(test.mark, "this test's row makes no record");
        for (std::size_t index = 0; index < test.expect.size(); ++index)
            compare(test.expect[index], made[index]);
    }

    Problems differences;

  private:
    std::vector<Made> map(const std::string& json) {
        rapidjson::Document row;
        row.Parse(json.data(), json.size());
        mapping_.bind(fields_of(row));
        std::vector<ValueMisfit> misfits;
        std::vector<Made> made;
        mapping_.map(row, misfits, [&](Outcome outcome) { made.push_back({outcome, mapping_.record()}); });
        return made;
    }

    void differ(const Mark& mark, std::string text) { differences.push_back({mark, std::move(text)}); }

    void compare(const ExpectedRecord& expected, const Made& made) {
        if (made.outcome != expected.outcome)
            return differ(expected.mark,
                          fmt::format("this test's row should be {}, it is {}",
                                      outcome_text(expected.outcome), outcome_text(made.outcome)));
        for (const auto& [name, value] : expected.fields) {
            const auto slot = schema_.find(name);
            if (!slot) {
                differ(value.mark, fmt::format("{} has no field \"{}\" and the mapping makes none",
                                               name_of(kind_), name));
                continue;
            }
            const std::string got = shown_value(made.record.get(*slot), schema_.field(*slot));
            if (!is_same(value.text, got, schema_.field(*slot).type))
                differ(value.mark,
                       fmt::format("{}: expected {}, got {}", name, shown(value.text), shown(got)));
        }
    }

    Kind kind_;
    CompiledMapping& mapping_;
    const Schema& schema_;
};

}  // namespace

Problems run_tests(const MappingDefinition& definition, CompiledMapping& mapping, const Schemas& schemas) {
    TestRun run(definition, mapping, schemas);
    for (const MappingTest& test : definition.tests) run.run(test);
    return std::move(run.differences);
}

}  // namespace baselined::mappings
