#include "mappings/indicator/rule_text.hpp"

#include <fmt/format.h>

namespace baselined::mappings {

namespace {

using Node = ConditionDefinition::Node;

std::string listed(const std::vector<Scalar>& scalars, const char* between) {
    std::string text;
    for (const Scalar& scalar : scalars)
        text += (text.empty() ? "" : between) + (scalar.text.empty() ? "\"\"" : scalar.text);
    return text;
}

std::string span_text(std::chrono::milliseconds span) {
    using std::chrono::milliseconds;
    constexpr milliseconds second{1000}, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
    if (span % day == milliseconds{0}) return fmt::format("{}d", span / day);
    if (span % hour == milliseconds{0}) return fmt::format("{}h", span / hour);
    return span % minute == milliseconds{0} ? fmt::format("{}m", span / minute)
                                            : fmt::format("{}s", span / second);
}

std::string test_text(const FieldTest& test) {
    using Operator = FieldTest::Operator;
    const std::string value = listed(test.operands, " or ");
    switch (test.op) {
        case Operator::any_of:
            return "is " + value;
        case Operator::not_any_of:
            return "is not " + value;
        case Operator::above:
            return "is above " + value;
        case Operator::at_least:
            return "is at least " + value;
        case Operator::below:
            return "is below " + value;
        case Operator::at_most:
            return "is at most " + value;
        case Operator::before:
            return "is before " + value;
        case Operator::after:
            return "is after " + value;
        case Operator::matches:
            return "matches " + value;
        case Operator::empty:
            return value == "true" ? "is empty" : "is not empty";
    }
    return {};
}

std::string leaf_text(const ConditionDefinition& leaf) {
    if (leaf.recurs)
        return fmt::format("another with the same {} was placed at most {} before",
                           listed(leaf.recurs->by, ", "), span_text(leaf.recurs->within));
    if (leaf.named_by)
        return fmt::format("{} records name it in {}", name_of(leaf.named_by->kind), leaf.named_by->in.text);
    if (leaf.followed_by)
        return fmt::format("{} records with the same {} follow within {}", name_of(leaf.followed_by->kind),
                           listed(leaf.followed_by->same, ", "), span_text(leaf.followed_by->within));
    std::string text;
    for (const FieldTest& test : leaf.tests)
        text += (text.empty() ? leaf.field.text + " " : " and ") + test_text(test);
    return text;
}

std::string quantity_text(const QuantityDefinition& of) {
    if (of.field) return of.field->text;
    if (!of.from || !of.to) return {};
    return fmt::format("the time from {} to {}{}", of.from->text, of.to->text,
                       of.at_least ? fmt::format(" (at least {:.6g} hours)", *of.at_least) : "");
}

}  // namespace

std::string rule_text(const ConditionDefinition& condition) {
    const bool is_tree =
        condition.node == Node::all || condition.node == Node::any || condition.node == Node::negation;
    if (!is_tree) return leaf_text(condition);
    const char* between = condition.node == Node::any ? " or " : " and ";
    std::string text;
    for (const ConditionDefinition& child : condition.children) {
        const bool is_group = child.children.size() > 1 && child.node != Node::negation;
        const std::string words = rule_text(child);
        text += (text.empty() ? "" : between) + (is_group ? "(" + words + ")" : words);
    }
    return condition.node == Node::negation ? "not (" + text + ")" : text;
}

std::string rule_text(const IndicatorDefinition& indicator) {
    std::string text(name_of(indicator.form));
    if (indicator.form == Form::percentile) text += fmt::format(" {:.6g}", indicator.percentile);
    if (const std::string of = quantity_text(indicator.of); !of.empty()) text += " of " + of;
    text += fmt::format(" of {} records", name_of(indicator.kind));
    if (indicator.at) text += " placed by " + indicator.at->text;
    if (!indicator.where.is_always_true()) text += ", where " + rule_text(indicator.where);
    if (indicator.form == Form::share || indicator.form == Form::snapshot)
        text += "; it counts those where " + rule_text(indicator.share);
    return text;
}

}  // namespace baselined::mappings
