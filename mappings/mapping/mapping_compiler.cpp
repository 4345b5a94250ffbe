// From a mapping as written to one made ready: names looked up, patterns compiled, faults told.
#include <fmt/format.h>

#include <algorithm>

#include "mappings/mapping/compiled_mapping.hpp"
#include "mappings/mapping/compiled_rule.hpp"
#include "mappings/mapping/conversion.hpp"

namespace baselined::mappings {

namespace {

As as_of(Type type) {
    switch (type) {
        case Type::text:
            return As::text;
        case Type::integer:
            return As::integer;
        case Type::number:
            return As::number;
        case Type::boolean:
            return As::boolean;
        case Type::timestamp:
            return As::timestamp;
        case Type::list:
            return As::list;
        case Type::choice:
            return As::choice;
    }
    return As::text;
}

Type type_of(As as) {
    switch (as) {
        case As::integer:
            return Type::integer;
        case As::number:
        case As::duration:
            return Type::number;
        case As::boolean:
            return Type::boolean;
        case As::timestamp:
            return Type::timestamp;
        case As::list:
            return Type::list;
        default:
            return Type::text;
    }
}

}  // namespace

const std::vector<std::string>& as_names() {
    static const std::vector<std::string> names{"text",      "integer",  "number", "boolean",
                                                "timestamp", "duration", "list"};
    return names;
}

class MappingCompiler {
  public:
    MappingCompiler(const MappingDefinition& definition, Schemas& schemas, const date::time_zone* zone,
                    Problems& problems)
        : definition_(definition), schema_(schemas.of(definition.kind)), zone_(zone), problems_(problems) {}

    CompiledMapping run() {
        mapping_.kind_ = definition_.kind;
        mapping_.empty_ = definition_.empty;
        if (definition_.each) mapping_.each_ = std::make_unique<JsonPath>(definition_.each->text);
        if (!definition_.id)
            problems_.push_back(
                {definition_.mark, "the mapping has no `id`: name the column that tells records apart"});
        add("id", definition_.id);
        add("number", definition_.number);
        add("updated_at", definition_.updated_at);
        for (const FieldRule& field : definition_.fields) add(field.name, field.rule);
        mapping_.has_skip_ = definition_.has_skip;
        mapping_.skip_ = compile(definition_.skip, schema_, zone_, RelationsAllowed::no, problems_);
        return std::move(mapping_);
    }

  private:
    void add(const std::string& name, const std::optional<ValueRule>& rule) {
        if (rule) add(name, *rule);
    }

    void add(const std::string& name, const ValueRule& rule) {
        auto compiled = std::make_unique<CompiledRule>();
        compiled->field = name;
        const auto known = schema_.find(name);
        compiled->as = rule.as ? parse_as(*rule.as) : known ? as_of(schema_.field(*known).type) : As::text;
        const auto slot = known ? known : schema_.add_attribute(name, type_of(compiled->as));
        check_type(name, rule, *slot, *compiled);
        compiled->slot = *slot;
        compiled->choices = schema_.field(*slot).choices;
        read_origins(rule, *compiled);
        read_conversion(rule, *compiled);
        mapping_.rules_.push_back(std::move(compiled));
    }

    As parse_as(const Scalar& as) {
        const auto found = std::find(as_names().begin(), as_names().end(), as.text);
        if (found != as_names().end()) return static_cast<As>(found - as_names().begin());
        problems_.push_back(
            {as.mark, fmt::format("\"{}\" is no type{}", as.text, did_you_mean(as.text, as_names()))});
        return As::text;
    }

    void check_type(const std::string& name, const ValueRule& rule, Slot slot, CompiledRule& compiled) {
        const Type type = schema_.field(slot).type;
        if (type == Type::choice && compiled.as == As::text) compiled.as = As::choice;
        if (type == Type::choice || type_of(compiled.as) == type) return;
        problems_.push_back({rule.as ? rule.as->mark : rule.mark,
                             fmt::format("{}.{} is a {}, not a {}", name_of(definition_.kind), name,
                                         name_of(type), name_of(type_of(compiled.as)))});
    }

    static void read_origins(const ValueRule& rule, CompiledRule& compiled) {
        for (const Origin& origin : rule.from) {
            CompiledOrigin& ready = compiled.origins.emplace_back();
            ready.by = origin.by;
            ready.name = origin.name;
            ready.from_parent = origin.by != Origin::By::path || origin.name.starts_with("$.");
            if (origin.by != Origin::By::path)
                ready.path = JsonPath(origin.path);
            else
                ready.path = JsonPath(std::string_view(origin.name).substr(ready.from_parent ? 2 : 0));
        }
        if (rule.value) compiled.constant = rule.value->text;
        compiled.joined = rule.joined;
        compiled.with = rule.with;
    }

    void read_conversion(const ValueRule& rule, CompiledRule& compiled) {
        compiled.format = rule.format.value_or("");
        if (!is_format(compiled.format))
            problems_.push_back(
                {rule.mark,
                 fmt::format("\"{}\" is no format of a date: write it of letters like %Y-%m-%d "
                             "%H:%M:%S, %z for an offset, or %s alone for seconds since 1970; a zone "
                             "is named by `timezone`",
                             compiled.format)});
        if (compiled.as == As::number && (rule.decimal.empty() || rule.decimal == rule.group))
            problems_.push_back(
                {rule.mark,
                 fmt::format("`decimal` and `group` are two signs, not both \"{}\"", rule.decimal)});
        compiled.decimal = rule.decimal;
        compiled.group = rule.group;
        compiled.zone = zone_;
        if (rule.timezone) compiled.zone = find_zone(rule.timezone->text);
        if (compiled.zone == nullptr) {
            problems_.push_back(
                {rule.timezone->mark,
                 fmt::format("\"{}\" is no time zone; write one like Europe/Berlin", rule.timezone->text)});
            compiled.zone = zone_;
        }
        if (rule.match) read_match(*rule.match, compiled);
        compiled.has_map = !rule.map.empty();
        for (const auto& [from, to] : rule.map) {
            check_constant(to, compiled);
            compiled.map.emplace(from, to.text);
        }
        if (rule.otherwise) {
            check_constant(*rule.otherwise, compiled);
            compiled.otherwise = rule.otherwise->text;
        }
        if (rule.value) check_constant(*rule.value, compiled);
    }

    void read_match(const Scalar& pattern, CompiledRule& compiled) {
        re2::RE2::Options options;
        options.set_log_errors(false);
        compiled.match = std::make_unique<re2::RE2>(pattern.text, options);
        if (!compiled.match->ok())
            problems_.push_back({pattern.mark, fmt::format("\"{}\" is no regular expression: {}",
                                                           pattern.text, compiled.match->error())});
        else if (compiled.match->NumberOfCapturingGroups() < 1)
            problems_.push_back(
                {pattern.mark, "`match` needs a group in parentheses: what it catches is the value"});
    }

    static bool fits(const Cell& cell, const CompiledRule& compiled) {
        switch (compiled.as) {
            case As::integer:
                return to_integer(cell, compiled.group).has_value();
            case As::number:
                return to_number(cell, compiled.decimal, compiled.group).has_value();
            case As::boolean:
                return to_boolean(cell).has_value();
            case As::timestamp:
                return to_timestamp(cell, compiled.format, compiled.zone).has_value();
            case As::duration:
                return to_duration(cell).has_value();
            default:
                return true;
        }
    }

    /// What a rule itself says instead of the source.
    void check_constant(const Scalar& value, const CompiledRule& compiled) {
        if (value.text.empty()) return;
        if (compiled.as == As::choice) return check_choice(value, compiled);
        if (!fits(text_cell(value.text), compiled))
            problems_.push_back(
                {value.mark, fmt::format("{}.{} cannot be \"{}\": its type is {}", name_of(definition_.kind),
                                         compiled.field, value.text, name_of(type_of(compiled.as)))});
    }

    void check_choice(const Scalar& value, const CompiledRule& compiled) {
        const std::vector<std::string> names(compiled.choices.begin(), compiled.choices.end());
        if (std::find(names.begin(), names.end(), value.text) != names.end()) return;
        std::string list;
        for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
        problems_.push_back(
            {value.mark, fmt::format("{}.{} is one of {}, not \"{}\"{}", name_of(definition_.kind),
                                     compiled.field, list, value.text, did_you_mean(value.text, names))});
    }

    const MappingDefinition& definition_;
    Schema& schema_;
    const date::time_zone* zone_;
    Problems& problems_;
    CompiledMapping mapping_;
};

CompiledMapping compile(const MappingDefinition& definition, Schemas& schemas, const date::time_zone* zone,
                        Problems& problems) {
    return MappingCompiler(definition, schemas, zone, problems).run();
}

}  // namespace baselined::mappings
