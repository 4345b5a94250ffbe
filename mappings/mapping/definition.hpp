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

enum class Outcome { record, skipped, rejected };

/// One record that a test's row must make.
struct ExpectedRecord {
    Outcome outcome = Outcome::record;
    /// Field name, expected value; an empty text: no value. A list is written as its items joined with ", ".
    std::vector<std::pair<std::string, Scalar>> fields;
    Mark mark;
};

struct MappingTest {
    std::string given_json;              ///< an object: the row
    std::vector<ExpectedRecord> expect;  ///< of the first record, or, as a list, of each
    bool expects_list = false;
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

/// Every place in a row that the mapping reads, `each` included: what a source has to be asked for.
std::vector<Origin> origins_of(const MappingDefinition& mapping);
/// Everything that can change a record, and nothing else (tests and comments are left out), in one text.
std::string canonical_text(const MappingDefinition& mapping);
/// The same for the rules that fill the given fields only (and id, skip, empty, each, kind).
std::string canonical_text(const MappingDefinition& mapping, const std::vector<std::string>& fields);

}  // namespace baselined::mappings
