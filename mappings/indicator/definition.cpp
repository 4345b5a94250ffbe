#include "mappings/indicator/definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace baselined::mappings {

namespace {

constexpr std::array<std::string_view, 11> form_names{
    "count", "share", "sum", "mean", "median", "percentile", "backlog", "age", "ratio", "uptime", "snapshot"};
constexpr std::array<std::string_view, 10> operator_names{"any_of",  "not",    "above", "at_least", "below",
                                                          "at_most", "before", "after", "matches",  "empty"};

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

std::string list_text(const std::vector<Scalar>& items) {
    std::vector<std::string> texts;
    for (const Scalar& item : items) texts.push_back(quoted(item.text));
    std::sort(texts.begin(), texts.end());
    std::string result;
    for (const std::string& text : texts) result += text + " ";
    return "[" + result + "]";
}

std::string optional_text(const std::optional<Scalar>& scalar) {
    return scalar ? quoted(scalar->text) : "-";
}

std::string leaf_text(const ConditionDefinition& condition) {
    using Node = ConditionDefinition::Node;
    if (condition.node == Node::recurs)
        return fmt::format("recurs{} within {}ms", list_text(condition.recurs->by),
                           condition.recurs->within.count());
    if (condition.node == Node::named_by)
        return fmt::format("named_by {} in {}", name_of(condition.named_by->kind),
                           quoted(condition.named_by->in.text));
    if (condition.node == Node::followed_by)
        return fmt::format("followed_by {} same {} within {}ms", name_of(condition.followed_by->kind),
                           list_text(condition.followed_by->same), condition.followed_by->within.count());
    std::vector<std::string> tests;
    for (const FieldTest& test : condition.tests)
        tests.push_back(
            fmt::format("{}{}", operator_names[static_cast<std::size_t>(test.op)], list_text(test.operands)));
    std::sort(tests.begin(), tests.end());
    std::string result = quoted(condition.field.text) + ":";
    for (const std::string& test : tests) result += test + " ";
    return result;
}

}  // namespace

std::string canonical_text(const ConditionDefinition& condition) {
    using Node = ConditionDefinition::Node;
    if (condition.node != Node::all && condition.node != Node::any && condition.node != Node::negation)
        return leaf_text(condition);
    std::vector<std::string> children;
    for (const ConditionDefinition& child : condition.children) children.push_back(canonical_text(child));
    std::sort(children.begin(), children.end());
    std::string result = condition.node == Node::all ? "all(" : condition.node == Node::any ? "any(" : "not(";
    for (const std::string& child : children) result += child + "; ";
    return result + ")";
}

std::string_view name_of(Form form) {
    return form_names[static_cast<std::size_t>(form)];
}

std::string unit_text(const IndicatorDefinition& definition) {
    switch (definition.unit) {
        case Unit::ratio:
            return "ratio";
        case Unit::hours:
            return "hours";
        case Unit::days:
            return "days";
        case Unit::count:
            return "count";
        case Unit::number:
            return "number";
        case Unit::currency:
            return definition.currency;
    }
    return {};
}

std::string canonical_text(const IndicatorDefinition& definition) {
    const QuantityDefinition& of = definition.of;
    return fmt::format(
        "indicator kind {} at {} form {} p {} over {} of {} from {} to {} at_least {} unit {} better "
        "{}\nwhere {}\nshare {}",
        name_of(definition.kind), optional_text(definition.at), name_of(definition.form),
        definition.percentile, optional_text(definition.over), optional_text(of.field),
        optional_text(of.from), optional_text(of.to), of.at_least ? fmt::format("{}", *of.at_least) : "-",
        unit_text(definition), definition.better == Better::lower ? "lower" : "higher",
        canonical_text(definition.where), canonical_text(definition.share));
}

}  // namespace baselined::mappings
