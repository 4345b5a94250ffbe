#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/definitions.hpp"

namespace baselined::config {

namespace {

using mappings::ConditionDefinition;
using mappings::FieldTest;
using Node = ConditionDefinition::Node;
using Operator = FieldTest::Operator;

struct OperatorName {
    const char* name;
    Operator op;
};
constexpr std::array operators{
    OperatorName{"not", Operator::not_any_of},    OperatorName{"above", Operator::above},
    OperatorName{"at_least", Operator::at_least}, OperatorName{"below", Operator::below},
    OperatorName{"at_most", Operator::at_most},   OperatorName{"before", Operator::before},
    OperatorName{"after", Operator::after},       OperatorName{"matches", Operator::matches},
    OperatorName{"empty", Operator::empty}};

std::optional<mappings::Kind> read_kind(MapReader& reader) {
    const auto name = reader.scalar("kind");
    if (!name) {
        reader.problem(reader.node().mark, "`kind` is missing");
        return std::nullopt;
    }
    const auto kind = mappings::find_kind(name->text);
    const std::vector<std::string> names(mappings::kind_names().begin(), mappings::kind_names().end());
    if (!kind)
        reader.problem(name->mark,
                       fmt::format("\"{}\" is no kind{}", name->text, did_you_mean(name->text, names)));
    return kind;
}

class ConditionReader {
  public:
    explicit ConditionReader(Problems& problems) : problems_(problems) {}

    ConditionDefinition all_of(const YamlNode& node) {
        ConditionDefinition all;
        all.mark = node.mark;
        if (node.form != YamlNode::Form::map && node.form != YamlNode::Form::null)
            problems_.push_back({node.mark, "a condition is a map, like { state: closed }"});
        for (const auto& [key, value] : node.entries) all.children.push_back(entry(key, value));
        return all;
    }

  private:
    ConditionDefinition entry(const YamlNode& key, const YamlNode& value) {
        ConditionDefinition result;
        result.mark = key.mark;
        if (key.text == "any" || key.text == "all") {
            result.node = key.text == "any" ? Node::any : Node::all;
            if (value.form != YamlNode::Form::list && value.form != YamlNode::Form::null)
                problems_.push_back({value.mark, fmt::format("`{}` takes a list of conditions", key.text)});
            for (const YamlNode& item : value.items) result.children.push_back(all_of(item));
        } else if (key.text == "not") {
            result.node = Node::negation;
            result.children.push_back(all_of(value));
        } else if (key.text == "recurs") {
            recurs(value, result);
        } else if (key.text == "named_by") {
            named_by(value, result);
        } else if (key.text == "followed_by") {
            followed_by(value, result);
        } else {
            result.node = Node::field;
            result.field = {key.text, key.mark};
            tests(value, result);
        }
        return result;
    }

    void tests(const YamlNode& value, ConditionDefinition& result) {
        if (value.form != YamlNode::Form::map) {
            result.tests.push_back(test(Operator::any_of, value));
            return;
        }
        for (const YamlEntry& entry : value.entries) {
            const YamlNode& key = entry.key;
            const auto found = std::find_if(operators.begin(), operators.end(),
                                            [&](const OperatorName& o) { return key.text == o.name; });
            if (found == operators.end()) {
                std::vector<std::string> names;
                for (const OperatorName& known : operators) names.emplace_back(known.name);
                problems_.push_back({key.mark, fmt::format("\"{}\" compares nothing{}", key.text,
                                                           nearest_or_all(key.text, names))});
                continue;
            }
            result.tests.push_back(test(found->op, entry.value));
        }
        if (value.entries.empty())
            problems_.push_back({value.mark, "an empty condition: say what the field is compared with"});
    }

    FieldTest test(Operator op, const YamlNode& value) {
        FieldTest result;
        result.op = op;
        result.mark = value.mark;
        const bool takes_list = op == Operator::any_of || op == Operator::not_any_of;
        if (value.form == YamlNode::Form::scalar) {
            result.operands.push_back({value.text, value.mark});
        } else if (value.form == YamlNode::Form::list && takes_list && !value.items.empty()) {
            for (const YamlNode& item : value.items)
                result.operands.push_back(single_value(item, "what a field is compared with", problems_)
                                              .value_or(Scalar{"", item.mark}));
        } else {
            if (value.form != YamlNode::Form::null)
                problems_.push_back({value.mark, takes_list ? "a value or a list of values is needed"
                                                            : "a single value is needed"});
            result.operands.push_back({"", value.mark});
        }
        if (op == Operator::empty && value.form != YamlNode::Form::null &&
            result.operands.front().text != "true" && result.operands.front().text != "false")
            problems_.push_back({value.mark, "`empty` is true or false"});
        return result;
    }

    void recurs(const YamlNode& value, ConditionDefinition& result) {
        result.node = Node::recurs;
        MapReader reader(value, "recurs", problems_);
        mappings::RecursDefinition definition;
        definition.mark = value.mark;
        definition.by = reader.list("by");
        definition.within = reader.duration("within").value_or(std::chrono::milliseconds{0});
        if (definition.by.empty() || definition.within.count() == 0)
            reader.problem(value.mark,
                           "recurs needs `by` and `within`, as in { by: [service, ci], within: 30d }");
        reader.finish();
        result.recurs = definition;
    }

    void named_by(const YamlNode& value, ConditionDefinition& result) {
        result.node = Node::named_by;
        MapReader reader(value, "named_by", problems_);
        mappings::NamedByDefinition definition;
        definition.mark = value.mark;
        definition.kind = read_kind(reader).value_or(mappings::Kind::incident);
        definition.in = reader.scalar("in").value_or(Scalar{"", value.mark});
        reader.finish();
        result.named_by = definition;
    }

    void followed_by(const YamlNode& value, ConditionDefinition& result) {
        result.node = Node::followed_by;
        MapReader reader(value, "followed_by", problems_);
        mappings::FollowedByDefinition definition;
        definition.mark = value.mark;
        definition.kind = read_kind(reader).value_or(mappings::Kind::incident);
        definition.same = reader.list("same");
        definition.within = reader.duration("within").value_or(std::chrono::milliseconds{0});
        if (definition.same.empty() || definition.within.count() == 0)
            reader.problem(
                value.mark,
                "followed_by needs `same` and `within`, as in { kind: incident, same: [ci], within: 72h }");
        reader.finish();
        result.followed_by = definition;
    }

    Problems& problems_;
};

}  // namespace

ConditionDefinition read_condition(const YamlNode& node, Problems& problems) {
    return ConditionReader(problems).all_of(node);
}

}  // namespace baselined::config
