#include "mappings/indicator/condition.hpp"

#include <date/date.h>
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>

#include "mappings/indicator/calendar.hpp"

namespace baselined::mappings {

using Operator = FieldTest::Operator;

namespace {

class NoRelations final : public Relations {
  public:
    [[nodiscard]] bool holds(std::size_t, const Record&) const override { return false; }
};

std::optional<double> number_of(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    bool is_percent = text.ends_with('%');
    if (is_percent) text.remove_suffix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return is_percent ? value / 100 : value;
}

std::optional<Instant> instant_of(std::string_view text, const date::time_zone* zone) {
    if (const auto exact = parse_rfc3339(text)) return exact;
    const auto day = Calendar(zone, PeriodLength::day).find(text);
    return day ? std::make_optional(day->begin) : std::nullopt;
}

std::vector<std::string> field_names(const Schema& schema) {
    std::vector<std::string> names;
    for (const Field& field : schema.fields()) names.push_back(field.name);
    return names;
}

}  // namespace

class ConditionCompiler {
  public:
    ConditionCompiler(const Schema& schema, const date::time_zone* zone, RelationsAllowed allowed,
                      Problems& problems)
        : schema_(schema), zone_(zone), allowed_(allowed), problems_(problems) {}

    Condition run(const ConditionDefinition& definition) {
        condition_.root_ = node(definition);
        return std::move(condition_);
    }

  private:
    Condition::Node node(const ConditionDefinition& definition) {
        Condition::Node result;
        result.what = definition.node;
        for (const ConditionDefinition& child : definition.children) result.children.push_back(node(child));
        switch (definition.node) {
            case ConditionDefinition::Node::field:
                field(definition, result);
                break;
            case ConditionDefinition::Node::recurs:
            case ConditionDefinition::Node::named_by:
            case ConditionDefinition::Node::followed_by:
                if (allowed_ == RelationsAllowed::no)
                    problems_.push_back(
                        {definition.mark, "recurs, named_by and followed_by belong into an indicator"});
                result.relation = condition_.relations_.size();
                condition_.relations_.push_back(definition);
                break;
            default:
                break;
        }
        return result;
    }

    void field(const ConditionDefinition& definition, Condition::Node& result) {
        const auto slot = schema_.find(definition.field.text);
        if (!slot) {
            problems_.push_back(
                {definition.field.mark,
                 fmt::format("{} has no field \"{}\"{}", name_of(schema_.kind()), definition.field.text,
                             did_you_mean(definition.field.text, field_names(schema_)))});
            return;
        }
        for (const FieldTest& written : definition.tests) result.tests.push_back(test(*slot, written));
    }

    Condition::Test test(Slot slot, const FieldTest& written) {
        Condition::Test result;
        result.op = written.op;
        result.slot = slot;
        result.type = schema_.field(slot).type;
        if (written.op == Operator::empty)
            result.wants_empty = written.operands.at(0).text == "true";
        else if (written.op == Operator::matches)
            pattern(written.operands.at(0), result);
        else
            for (const Scalar& operand : written.operands) add_operand(operand, result);
        return result;
    }

    void pattern(const Scalar& operand, Condition::Test& result) {
        if (result.type != Type::text && result.type != Type::list)
            refuse(operand, result.slot, "matches needs a text");
        re2::RE2::Options options;
        options.set_log_errors(false);
        result.pattern = std::make_shared<re2::RE2>(operand.text, options);
        if (!result.pattern->ok())
            problems_.push_back({operand.mark, fmt::format("\"{}\" is no regular expression: {}",
                                                           operand.text, result.pattern->error())});
    }

    void add_operand(const Scalar& operand, Condition::Test& result) {
        const bool is_bound = result.op != Operator::any_of && result.op != Operator::not_any_of;
        const bool is_time_bound = result.op == Operator::before || result.op == Operator::after;
        switch (result.type) {
            case Type::text:
            case Type::list:
                if (is_bound)
                    return refuse(operand, result.slot,
                                  "a text can be compared for equality or with matches");
                result.texts.push_back(operand.text);
                return;
            case Type::choice:
                return add_choice(operand, result, is_bound);
            case Type::boolean:
                if (is_bound || (operand.text != "true" && operand.text != "false"))
                    return refuse(operand, result.slot, "it is true or false");
                result.integers.push_back(operand.text == "true" ? 1 : 0);
                return;
            case Type::timestamp: {
                const auto at = instant_of(operand.text, zone_);
                if (!at)
                    return refuse(operand, result.slot,
                                  "a time is written 2026-01-31 or 2026-01-31T08:00:00Z");
                result.integers.push_back(at->time_since_epoch().count());
                return;
            }
            default:
                break;
        }
        const auto number = number_of(operand.text);
        if (!number || is_time_bound)
            return refuse(operand, result.slot, "a number is needed, and above, below ... for bounds");
        result.numbers.push_back(*number);
    }

    void add_choice(const Scalar& operand, Condition::Test& result, bool is_bound) {
        const auto& choices = schema_.field(result.slot).choices;
        const auto found = std::find(choices.begin(), choices.end(), operand.text);
        if (is_bound || found == choices.end()) {
            const std::vector<std::string> names(choices.begin(), choices.end());
            std::string list;
            for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
            return refuse(operand, result.slot, "it is one of " + list + did_you_mean(operand.text, names));
        }
        result.integers.push_back(found - choices.begin());
    }

    void refuse(const Scalar& operand, Slot slot, const std::string& why) {
        problems_.push_back(
            {operand.mark, fmt::format("\"{}\" does not fit {}.{}: {}", operand.text, name_of(schema_.kind()),
                                       schema_.field(slot).name, why)});
    }

    const Schema& schema_;
    const date::time_zone* zone_;
    RelationsAllowed allowed_;
    Problems& problems_;
    Condition condition_;
};

Condition compile(const ConditionDefinition& definition, const Schema& schema, const date::time_zone* zone,
                  RelationsAllowed relations, Problems& problems) {
    return ConditionCompiler(schema, zone, relations, problems).run(definition);
}

bool Condition::evaluate(const Record& record, const Relations& relations) const {
    return holds(root_, record, relations);
}
bool Condition::evaluate(const Record& record) const {
    return holds(root_, record, NoRelations{});
}

bool Condition::holds(const Node& node, const Record& record, const Relations& relations) {
    const auto child_holds = [&](const Node& child) { return holds(child, record, relations); };
    switch (node.what) {
        case ConditionDefinition::Node::all:
            return std::all_of(node.children.begin(), node.children.end(), child_holds);
        case ConditionDefinition::Node::any:
            return std::any_of(node.children.begin(), node.children.end(), child_holds);
        case ConditionDefinition::Node::negation:
            return std::none_of(node.children.begin(), node.children.end(), child_holds);
        case ConditionDefinition::Node::field:
            return std::all_of(node.tests.begin(), node.tests.end(),
                               [&](const Test& test) { return passes(test, record); });
        default:
            return relations.holds(node.relation, record);
    }
}

bool Condition::passes(const Test& test, const Record& record) {
    const Value value = record.get(test.slot);
    if (test.op == Operator::empty) return value.present == !test.wants_empty;
    if (test.op == Operator::not_any_of) return !value.present || !is_any_of(test, value);
    if (!value.present) return false;
    if (test.op == Operator::any_of) return is_any_of(test, value);
    if (test.op != Operator::matches) return is_within(test, value);
    if (test.type == Type::text)
        return re2::RE2::PartialMatch({value.text.data(), value.text.size()}, *test.pattern);
    const auto items = Record::list_items(value.text);
    return std::any_of(items.begin(), items.end(), [&](std::string_view item) {
        return re2::RE2::PartialMatch({item.data(), item.size()}, *test.pattern);
    });
}

bool Condition::is_any_of(const Test& test, const Value& value) {
    const auto among = [](const auto& list, const auto& one) {
        return std::find(list.begin(), list.end(), one) != list.end();
    };
    switch (test.type) {
        case Type::text:
            return among(test.texts, value.text);
        case Type::list: {
            const auto items = Record::list_items(value.text);
            return std::any_of(items.begin(), items.end(),
                               [&](std::string_view item) { return among(test.texts, item); });
        }
        case Type::number:
            return among(test.numbers, value.number);
        case Type::integer:
            return among(test.numbers, static_cast<double>(value.integer));
        default:
            return among(test.integers, value.integer);
    }
}

bool Condition::is_within(const Test& test, const Value& value) {
    if (test.type == Type::timestamp) {
        const std::int64_t bound = test.integers.front();
        if (test.op == Operator::before || test.op == Operator::below) return value.integer < bound;
        if (test.op == Operator::at_most) return value.integer <= bound;
        if (test.op == Operator::at_least) return value.integer >= bound;
        return value.integer > bound;
    }
    const double number = test.type == Type::number ? value.number : static_cast<double>(value.integer);
    const double bound = test.numbers.front();
    switch (test.op) {
        case Operator::above:
            return number > bound;
        case Operator::at_least:
            return number >= bound;
        case Operator::below:
            return number < bound;
        case Operator::at_most:
            return number <= bound;
        default:
            return false;
    }
}

}  // namespace baselined::mappings
