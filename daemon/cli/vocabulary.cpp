// `config kinds` and `config indicators`: the words that mappings, conditions and measures may use.
#include <fmt/format.h>

#include <algorithm>

#include "config/config.hpp"
#include "config/definitions.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/json.hpp"

namespace baselined::daemon {

namespace {

using mappings::Field;
using mappings::IndicatorDefinition;

std::vector<Field> common_fields() {
    const mappings::Schema any(mappings::Kind::incident);
    return {any.fields().begin(), any.fields().begin() + mappings::common_slot_count};
}

std::vector<Field> own_fields(mappings::Kind kind) {
    const mappings::Schema schema(kind);
    return {schema.fields().begin() + mappings::common_slot_count, schema.fields().end()};
}

void print_fields(std::string_view title, const std::vector<Field>& fields) {
    fmt::print("{}\n", title);
    for (const Field& field : fields)
        fmt::print("  {:<20} {}\n", field.name,
                   field.choices.empty() ? std::string(name_of(field.type))
                                         : fmt::format("{}", fmt::join(field.choices, ", ")));
}

void write_fields(Json& json, const std::vector<Field>& fields) {
    json.array();
    for (const Field& field : fields) {
        json.object();
        json.key("name").text(field.name);
        json.key("type").text(name_of(field.type));
        if (!field.choices.empty()) {
            json.key("choices").array();
            for (const std::string_view choice : field.choices) json.text(choice);
            json.end_array();
        }
        json.end_object();
    }
    json.end_array();
}

/// The lines of the shipped file that define it.
std::string source_of(const IndicatorDefinition& indicator) {
    std::string_view text = config::shipped("indicators");
    for (int line = 1; line < indicator.mark.line; ++line) text.remove_prefix(text.find('\n') + 1);
    return std::string(text.substr(0, text.find("\n\n")));
}

}  // namespace

int print_kinds(bool is_json) {
    if (!is_json) {
        print_fields("every kind", common_fields());
        for (const std::string_view name : mappings::kind_names()) {
            fmt::print("\n");
            print_fields(name, own_fields(*mappings::find_kind(name)));
        }
        return exit_done;
    }
    Json json;
    json.object();
    write_fields(json.key("every_kind"), common_fields());
    json.key("kinds").array();
    for (const std::string_view name : mappings::kind_names()) {
        json.object();
        json.key("name").text(name);
        write_fields(json.key("fields"), own_fields(*mappings::find_kind(name)));
        json.end_object();
    }
    json.end_array();
    json.end_object();
    fmt::print("{}\n", json.str());
    return exit_done;
}

int print_indicators(bool is_json) {
    Problems none;  // the shipped library is good, or nothing starts
    const auto indicators =
        config::read_indicators(config::parse_yaml(config::shipped("indicators"), 0, none), none);
    if (!is_json) {
        for (const IndicatorDefinition& indicator : indicators)
            fmt::print("{:<28} {}\n", indicator.name, indicator.title);
        return exit_done;
    }
    Json json;
    json.object();
    json.key("indicators").array();
    for (const IndicatorDefinition& indicator : indicators) {
        json.object();
        json.key("name").text(indicator.name);
        json.key("title").text(indicator.title);
        json.key("version").number(indicator.version);
        json.key("kind").text(name_of(indicator.kind));
        json.key("form").text(name_of(indicator.form));
        json.key("unit").text(unit_text(indicator));
        json.key("better").text(indicator.better == mappings::Better::lower ? "lower" : "higher");
        json.key("definition").text(source_of(indicator));
        json.end_object();
    }
    json.end_array();
    json.end_object();
    fmt::print("{}\n", json.str());
    return exit_done;
}

}  // namespace baselined::daemon
