// An indicator made ready: slots for names, conditions compiled, and the relations that it asks about
// records.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mappings/indicator/condition.hpp"
#include "mappings/indicator/definition.hpp"
#include "mappings/record/kind.hpp"
#include "mappings/record/mark.hpp"

namespace baselined::mappings {

/// What a relational condition asks of other records. Lists are numbers in IndicatorSet::lists().
struct CompiledRelation {
    enum class Form { recurs, named_by, followed_by };
    Form form = Form::recurs;
    Kind other = Kind::incident;    ///< the kind that the others are of; for recurs the indicator's own
    std::vector<Slot> own_slots;    ///< recurs: by; followed_by: same; named_by: number and id
    std::vector<Slot> other_slots;  ///< followed_by: same, there; named_by: the field that names
    Slot other_at = 0;              ///< followed_by: opened_at of the others
    Millis within{};
    std::size_t own_list = 0;    ///< postings of the indicator's records
    std::size_t other_list = 0;  ///< postings of the others; for recurs the same list
};

struct CompiledIndicator {
    IndicatorDefinition definition;
    std::optional<Slot> at;
    Condition where;
    Condition share;
    std::optional<Slot> field, from, to;  ///< of what is summed or averaged: a field, or a span
    std::optional<Millis> at_least;
    std::vector<CompiledRelation> where_relations, share_relations;  ///< in the order of the conditions' own

    [[nodiscard]] Kind kind() const { return definition.kind; }
    [[nodiscard]] Form form() const { return definition.form; }
    [[nodiscard]] bool takes_span() const { return from.has_value(); }
};

/// Compiles one definition; what is wrong with it is added to `problems`, and then the result is of no use.
CompiledIndicator compile(const IndicatorDefinition& definition, const Schemas& schemas,
                          const date::time_zone* zone, Problems& problems);

/// All fields that the definition reads, sorted: what a mapping must not change silently.
std::vector<std::string> fields_used(const IndicatorDefinition& definition);
/// All kinds that it reads: its own, then those of named_by and followed_by.
std::vector<Kind> kinds_used(const IndicatorDefinition& definition);
/// The same of a condition, added to.
void add_fields_used(const ConditionDefinition& condition, std::vector<std::string>& fields);

/// How long before a record its figure depends on others: the longest `within` of a recurrence.
Millis look_back(const IndicatorDefinition& definition);

}  // namespace baselined::mappings
