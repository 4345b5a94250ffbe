// A condition as a user wrote it: the same shape in `where`, `skip` and `share`.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mappings/record/kind.hpp"
#include "mappings/record/mark.hpp"

namespace baselined::mappings {

/// A scalar as written; it gets its type from the field that it is compared with.
struct Scalar {
    std::string text;
    Mark mark;
};

/// `field: value`, `field: [any, of]` or `field: { above: 3, below: 9 }`.
struct FieldTest {
    enum class Operator {
        any_of,
        not_any_of,
        above,
        at_least,
        below,
        at_most,
        before,
        after,
        matches,
        empty
    };
    Operator op = Operator::any_of;
    std::vector<Scalar> operands;  ///< one for all but any_of and not_any_of; `empty` holds true or false
    Mark mark;
};

/// `recurs: { by: [service, ci], within: 30d }`
struct RecursDefinition {
    std::vector<Scalar> by;
    std::chrono::milliseconds within{};
    Mark mark;
};

/// `named_by: { kind: incident, in: caused_by }`
struct NamedByDefinition {
    Kind kind = Kind::incident;
    Scalar in;
    Mark mark;
};

/// `followed_by: { kind: incident, same: [ci], within: 72h }`
struct FollowedByDefinition {
    Kind kind = Kind::incident;
    std::vector<Scalar> same;
    std::chrono::milliseconds within{};
    Mark mark;
};

/// A tree. `all` of no children is true: the condition that nobody wrote.
struct ConditionDefinition {
    enum class Node { all, any, negation, field, recurs, named_by, followed_by };
    Node node = Node::all;
    std::vector<ConditionDefinition> children;  ///< all, any; negation has one (an `all`)
    Scalar field;                               ///< for Node::field
    std::vector<FieldTest> tests;               ///< for Node::field: all must hold
    std::optional<RecursDefinition> recurs;
    std::optional<NamedByDefinition> named_by;
    std::optional<FollowedByDefinition> followed_by;
    Mark mark;

    [[nodiscard]] bool is_always_true() const { return node == Node::all && children.empty(); }
};

/// The same text for the same meaning, whatever the layout of the file: what a definition's digest is made
/// of.
std::string canonical_text(const ConditionDefinition& condition);

}  // namespace baselined::mappings
