// A condition made ready to be asked of records: flat, without a name left to look up.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mappings/indicator/condition_definition.hpp"
#include "mappings/record/record.hpp"

namespace re2 {
class RE2;
}

namespace baselined::mappings {

/// Answers what a record alone cannot: whether it recurs, is named, is followed.
class Relations {
  public:
    virtual ~Relations() = default;
    /// `relation` numbers the condition's relations() in order.
    [[nodiscard]] virtual bool holds(std::size_t relation, const Record& record) const = 0;
};

enum class RelationsAllowed { yes, no };

/// Evaluation allocates nothing and is safe from several threads. The default one is always true.
class Condition {
  public:
    [[nodiscard]] bool evaluate(const Record& record, const Relations& relations) const;
    /// For conditions that were compiled with RelationsAllowed::no.
    [[nodiscard]] bool evaluate(const Record& record) const;
    /// The relational leaves, as they were written.
    [[nodiscard]] std::span<const ConditionDefinition> relations() const { return relations_; }

  private:
    friend class ConditionCompiler;
    struct Test {
        FieldTest::Operator op = FieldTest::Operator::any_of;
        Slot slot = 0;
        Type type = Type::text;
        bool wants_empty = false;
        std::vector<std::string> texts;  // any_of on text and lists
        std::vector<std::int64_t>
            integers;                 // any_of on integer, boolean, choice, timestamp; bounds on timestamps
        std::vector<double> numbers;  // any_of and bounds on numbers and integers
        std::shared_ptr<const re2::RE2> pattern;
    };
    struct Node {
        ConditionDefinition::Node what = ConditionDefinition::Node::all;
        std::vector<Node> children;
        std::vector<Test> tests;
        std::size_t relation = 0;
    };
    static bool holds(const Node& node, const Record& record, const Relations& relations);
    static bool passes(const Test& test, const Record& record);
    static bool is_any_of(const Test& test, const Value& value);
    static bool is_within(const Test& test, const Value& value);

    Node root_;
    std::vector<ConditionDefinition> relations_;
};

/// Faults (unknown field, a value that the field cannot have) are added to `problems`, and then the result is
/// of no use. Days in before and after begin at midnight in `zone`.
Condition compile(const ConditionDefinition& definition, const Schema& schema, const date::time_zone* zone,
                  RelationsAllowed relations, Problems& problems);

}  // namespace baselined::mappings
