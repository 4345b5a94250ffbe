// A mapping as a user wrote it (design.md, "Mapping"): how a source's rows become records of one kind.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mappings/indicator/condition_definition.hpp"
#include "mappings/record/kind.hpp"
#include "mappings/record/mark.hpp"

namespace baselined::mappings {

/// Where a value comes from: `sys_id`, `fields.components[0].name`, `$.key`, a Jira field or link by name.
struct Origin {
    enum class By { path, jira_field, jira_link };
    By by = By::path;
    std::string name;  ///< the path as written; the Jira field's name; the link's phrase
    std::string path;  ///< what is walked on from a Jira field or link; may be empty
    Mark mark;
};

struct ValueRule {
    std::vector<Origin> from;     ///< the first that is not empty
    std::optional<Scalar> value;  ///< `value: Service desk`, a constant
    bool joined = false;          ///< `join: [...]`: the texts of all `from`, glued with `with`
    std::string with;
    std::optional<Scalar> as;  ///< text, integer, number, boolean, timestamp, duration, list
    std::optional<std::string> format;
    std::optional<Scalar> timezone;
    std::string decimal = ".";
    std::string group;
    std::optional<Scalar> match;  ///< a regular expression; its first group is the value
    std::vector<std::pair<std::string, Scalar>> map;
    std::optional<Scalar> otherwise;
    Mark mark;
};

struct FieldRule {
    std::string name;
    ValueRule rule;
    Mark mark;
};

/// A value as it stands in a mapping's own test: a scalar or a tree (JSON rows), kept as JSON text.
struct MappingTest {
    std::string given_json;  ///< an object: the row
    std::vector<std::pair<std::string, Scalar>>
        expect;                    ///< field name, expected value; empty text: no value.
                                   ///< A list is written as its items joined with ", "
    bool expect_skipped = false;   ///< `expect: skipped`
    bool expect_rejected = false;  ///< `expect: rejected`
    Mark mark;
};

struct MappingDefinition {
    std::string name;  ///< `servicenow/incident`, or the path as the configuration wrote it
    Kind kind = Kind::incident;
    std::optional<ValueRule> id;
    std::optional<ValueRule> number;
    std::optional<ValueRule> updated_at;
    std::vector<std::string> empty;
    std::vector<FieldRule> fields;
    std::optional<Scalar> each;  ///< `each: slas`: one record per element of that array
    ConditionDefinition skip;    ///< nothing written: no row is skipped
    bool has_skip = false;
    std::vector<MappingTest> tests;
    Mark mark;
};

/// Everything that can change a record, and nothing else (tests and comments are left out), in one text.
std::string canonical_text(const MappingDefinition& mapping);
/// The same for the rules that fill the given fields only (and id, skip, empty, each, kind).
std::string canonical_text(const MappingDefinition& mapping, const std::vector<std::string>& fields);

}  // namespace baselined::mappings
