#include "mappings/indicator/compiled_indicator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace baselined::mappings {

namespace {

std::vector<std::string> field_names(const Schema& schema) {
    std::vector<std::string> names;
    for (const Field& field : schema.fields()) names.push_back(field.name);
    return names;
}

std::string type_words(std::initializer_list<Type> types) {
    std::string words;
    for (const Type type : types) words += (words.empty() ? "" : " or ") + std::string(name_of(type));
    return words;
}

/// The slot of a field, if the kind has it and it is of one of the types; otherwise a problem is noted.
std::optional<Slot> slot_of(const Schema& schema, const Scalar& field, std::initializer_list<Type> types,
                            Problems& problems) {
    const auto slot = schema.find(field.text);
    if (!slot) {
        problems.push_back(
            {field.mark, fmt::format("{} has no field \"{}\"{}", name_of(schema.kind()), field.text,
                                     did_you_mean(field.text, field_names(schema)))});
        return std::nullopt;
    }
    const Type type = schema.field(*slot).type;
    if (types.size() == 0 || std::find(types.begin(), types.end(), type) != types.end()) return slot;
    problems.push_back({field.mark, fmt::format("\"{}\" is a {}, a {} is needed here", field.text,
                                                name_of(type), type_words(types))});
    return std::nullopt;
}

std::vector<Slot> slots_of(const Schema& schema, const std::vector<Scalar>& fields, Problems& problems) {
    std::vector<Slot> slots;
    for (const Scalar& field : fields)
        if (const auto slot = slot_of(schema, field, {}, problems)) slots.push_back(*slot);
    return slots;
}

class RelationCompiler {
  public:
    RelationCompiler(const CompiledIndicator& indicator, const Schemas& schemas, Problems& problems)
        : indicator_(indicator), schemas_(schemas), problems_(problems) {}

    std::vector<CompiledRelation> compile(std::span<const ConditionDefinition> relations) {
        std::vector<CompiledRelation> compiled;
        for (const ConditionDefinition& relation : relations) {
            if (relation.recurs) compiled.push_back(recurs(*relation.recurs));
            if (relation.named_by) compiled.push_back(named_by(*relation.named_by));
            if (relation.followed_by) compiled.push_back(followed_by(*relation.followed_by));
        }
        return compiled;
    }

  private:
    CompiledRelation recurs(const RecursDefinition& definition) {
        CompiledRelation relation;
        relation.form = CompiledRelation::Form::recurs;
        relation.other = indicator_.kind();
        relation.own_slots = slots_of(own(), definition.by, problems_);
        relation.within = definition.within;
        if (!indicator_.at)
            problems_.push_back(
                {definition.mark, "recurs needs `at`: the timestamp that says which record came first"});
        return relation;
    }

    CompiledRelation named_by(const NamedByDefinition& definition) {
        CompiledRelation relation;
        relation.form = CompiledRelation::Form::named_by;
        relation.other = definition.kind;
        relation.own_slots = {slot_number, slot_id};
        if (const auto slot = slot_of(schemas_.of(definition.kind), definition.in, {Type::text}, problems_))
            relation.other_slots = {*slot};
        return relation;
    }

    CompiledRelation followed_by(const FollowedByDefinition& definition) {
        CompiledRelation relation;
        relation.form = CompiledRelation::Form::followed_by;
        relation.other = definition.kind;
        relation.own_slots = slots_of(own(), definition.same, problems_);
        relation.other_slots = slots_of(schemas_.of(definition.kind), definition.same, problems_);
        relation.within = definition.within;
        const Scalar opened{"opened_at", definition.mark};
        relation.other_at =
            slot_of(schemas_.of(definition.kind), opened, {Type::timestamp}, problems_).value_or(0);
        if (!indicator_.at)
            problems_.push_back(
                {definition.mark, "followed_by needs `at`: the timestamp from which it looks on"});
        return relation;
    }

    const Schema& own() { return schemas_.of(indicator_.kind()); }

    const CompiledIndicator& indicator_;
    const Schemas& schemas_;
    Problems& problems_;
};

void refuse_recurs_in_where(const CompiledIndicator& indicator, Problems& problems) {
    for (const CompiledRelation& relation : indicator.where_relations)
        if (relation.form == CompiledRelation::Form::recurs)
            problems.push_back(
                {indicator.definition.where.mark,
                 "recurs cannot stand in `where`, which says what it is compared with: use `share`"});
    if (indicator.where_relations.empty()) return;
    for (const CompiledRelation& relation : indicator.share_relations)
        if (relation.form == CompiledRelation::Form::recurs)
            problems.push_back(
                {indicator.definition.where.mark,
                 "recurs compares with records that pass `where`, so that cannot ask for named_by or "
                 "followed_by as well"});
}

}  // namespace

CompiledIndicator compile(const IndicatorDefinition& definition, const Schemas& schemas,
                          const date::time_zone* zone, Problems& problems) {
    CompiledIndicator indicator;
    indicator.definition = definition;
    const Schema& schema = schemas.of(definition.kind);
    if (definition.at) indicator.at = slot_of(schema, *definition.at, {Type::timestamp}, problems);
    indicator.where = compile(definition.where, schema, zone, RelationsAllowed::yes, problems);
    indicator.share = compile(definition.share, schema, zone, RelationsAllowed::yes, problems);
    const QuantityDefinition& of = definition.of;
    if (of.field)
        indicator.field = slot_of(schema, *of.field, {Type::number, Type::integer, Type::boolean}, problems);
    if (of.from) indicator.from = slot_of(schema, *of.from, {Type::timestamp}, problems);
    if (of.to) indicator.to = slot_of(schema, *of.to, {Type::timestamp}, problems);
    if (of.at_least) {
        const double hours = definition.unit == Unit::days ? *of.at_least * 24 : *of.at_least;
        indicator.at_least = Millis{std::llround(hours * 3'600'000)};
    }
    RelationCompiler relations(indicator, schemas, problems);
    indicator.where_relations = relations.compile(indicator.where.relations());
    indicator.share_relations = relations.compile(indicator.share.relations());
    refuse_recurs_in_where(indicator, problems);
    return indicator;
}

void add_fields_used(const ConditionDefinition& condition, std::vector<std::string>& fields) {
    if (condition.node == ConditionDefinition::Node::field) fields.push_back(condition.field.text);
    for (const ConditionDefinition& child : condition.children) add_fields_used(child, fields);
    if (condition.recurs)
        for (const Scalar& field : condition.recurs->by) fields.push_back(field.text);
    if (condition.named_by) fields.insert(fields.end(), {condition.named_by->in.text, "number", "state"});
    if (condition.followed_by) {
        for (const Scalar& field : condition.followed_by->same) fields.push_back(field.text);
        fields.emplace_back("opened_at");
    }
}

std::vector<std::string> fields_used(const IndicatorDefinition& definition) {
    std::vector<std::string> fields;
    if (definition.at) fields.push_back(definition.at->text);
    for (const auto& field : {definition.of.field, definition.of.from, definition.of.to})
        if (field) fields.push_back(field->text);
    add_fields_used(definition.where, fields);
    add_fields_used(definition.share, fields);
    std::sort(fields.begin(), fields.end());
    fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
    return fields;
}

namespace {

void add_kinds_used(const ConditionDefinition& condition, std::vector<Kind>& kinds) {
    if (condition.named_by) kinds.push_back(condition.named_by->kind);
    if (condition.followed_by) kinds.push_back(condition.followed_by->kind);
    for (const ConditionDefinition& child : condition.children) add_kinds_used(child, kinds);
}

Millis longest_look_back(const ConditionDefinition& condition) {
    Millis longest = condition.recurs ? condition.recurs->within : Millis{0};
    for (const ConditionDefinition& child : condition.children)
        longest = std::max(longest, longest_look_back(child));
    return longest;
}

}  // namespace

Millis look_back(const IndicatorDefinition& definition) {
    return std::max(longest_look_back(definition.where), longest_look_back(definition.share));
}

std::vector<Kind> kinds_used(const IndicatorDefinition& definition) {
    std::vector<Kind> kinds;
    add_kinds_used(definition.where, kinds);
    add_kinds_used(definition.share, kinds);
    kinds.insert(kinds.begin(), definition.kind);
    std::vector<Kind> distinct;
    for (const Kind kind : kinds)
        if (std::find(distinct.begin(), distinct.end(), kind) == distinct.end()) distinct.push_back(kind);
    return distinct;
}

}  // namespace baselined::mappings
