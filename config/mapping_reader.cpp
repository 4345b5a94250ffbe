#include <fmt/format.h>

#include "config/definitions.hpp"
#include "mappings/record/json_writer.hpp"

namespace baselined::config {

namespace {

using mappings::ExpectedRecord;
using mappings::MappingDefinition;
using mappings::MappingTest;
using mappings::Origin;
using mappings::ValueRule;

/// What a draft says where nobody knows what the rows are.
constexpr std::string_view unfilled = "FILL IN";

using mappings::JsonWriter;

void write_json(const YamlNode& node, JsonWriter& writer) {
    const auto text = [&](const std::string& value) {
        writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    };
    switch (node.form) {
        case YamlNode::Form::null:
            writer.Null();
            return;
        case YamlNode::Form::scalar:
            text(node.text);
            return;
        case YamlNode::Form::list:
            writer.StartArray();
            for (const YamlNode& item : node.items) write_json(item, writer);
            writer.EndArray();
            return;
        case YamlNode::Form::map:
            writer.StartObject();
            for (const auto& [key, value] : node.entries) {
                text(key.text);
                write_json(value, writer);
            }
            writer.EndObject();
            return;
    }
}

class MappingReader {
  public:
    MappingReader(const YamlNode& node, std::string name, Problems& problems)
        : reader_(node, "a mapping", problems), problems_(problems) {
        mapping_.name = std::move(name);
        mapping_.mark = node.mark;
    }

    MappingDefinition read() {
        read_kind();
        mapping_.id = rule("id");
        mapping_.number = rule("number");
        mapping_.updated_at = rule("updated_at");
        for (const Scalar& text : reader_.list("empty")) mapping_.empty.push_back(text.text);
        if (const YamlNode* fields = reader_.take("fields")) read_fields(*fields);
        mapping_.each = reader_.scalar("each");
        if (const YamlNode* skip = reader_.take("skip")) {
            mapping_.skip = read_condition(*skip, problems_);
            mapping_.has_skip = true;
            if (skip->entries.empty())
                problems_.push_back({skip->mark,
                                     "`skip` without a condition would skip every row: write one, "
                                     "or take it out"});
        }
        reader_.each("tests", [&](const YamlNode& test) { mapping_.tests.push_back(read_test(test)); });
        reader_.finish();
        return std::move(mapping_);
    }

  private:
    void read_kind() {
        const Scalar kind = reader_.required_scalar("kind");
        const auto found = mappings::find_kind(kind.text);
        const std::vector<std::string> names(mappings::kind_names().begin(), mappings::kind_names().end());
        if (found)
            mapping_.kind = *found;
        else if (!kind.text.empty())
            problems_.push_back(
                {kind.mark,
                 kind.text == unfilled
                     ? fmt::format("`kind` is to be filled in: one of {}", fmt::join(names, ", "))
                     : fmt::format("\"{}\" is no kind{}", kind.text, did_you_mean(kind.text, names))});
    }

    std::optional<ValueRule> rule(const std::string& key) {
        const YamlNode* node = reader_.take(key);
        return node == nullptr ? std::nullopt : std::make_optional(read_rule(*node));
    }

    void read_fields(const YamlNode& fields) {
        if (fields.form != YamlNode::Form::map)
            problems_.push_back({fields.mark, "`fields` is a map of field names and where they come from"});
        for (const auto& [name, value] : fields.entries) {
            if (name.text == "id" || name.text == "number" || name.text == "updated_at")
                problems_.push_back(
                    {name.mark, fmt::format("`{}` stands beside `fields`, not in it", name.text)});
            else
                mapping_.fields.push_back({name.text, read_rule(value), name.mark});
        }
    }

    ValueRule read_rule(const YamlNode& node) {
        ValueRule rule;
        rule.mark = node.mark;
        if (node.form == YamlNode::Form::scalar || node.form == YamlNode::Form::list) {
            rule.from = origins(node);
            return rule;
        }
        MapReader reader(node, "a field's rule", problems_);
        if (const YamlNode* from = reader.take("from")) rule.from = origins(*from);
        if (const YamlNode* join = reader.take("join")) {
            rule.from = origins(*join);
            rule.joined = true;
        }
        rule.with = reader.scalar("with").value_or(Scalar{}).text;
        rule.value = reader.scalar("value");
        if (const auto origin = jira_origin(node, reader)) rule.from.push_back(*origin);
        rule.as = reader.scalar("as");
        if (const auto format = reader.scalar("format")) rule.format = format->text;
        rule.timezone = reader.scalar("timezone");
        rule.decimal = reader.scalar("decimal").value_or(Scalar{".", {}}).text;
        rule.group = reader.scalar("group").value_or(Scalar{}).text;
        rule.match = reader.scalar("match");
        for (const auto& [from, to] : reader.entries("map"))
            if (auto value =
                    single_value(to, fmt::format("what `map` makes of \"{}\"", from.text), problems_))
                rule.map.emplace_back(from.text, std::move(*value));
        rule.otherwise = reader.scalar("otherwise");
        if (rule.from.empty() && !rule.value)
            reader.problem(node.mark, "a field's rule needs `from`, `join` or `value`");
        reader.finish();
        return rule;
    }

    /// nullopt: neither `field` nor `link` stands there.
    static std::optional<Origin> jira_origin(const YamlNode& node, MapReader& reader) {
        const bool is_there = reader.take("field") != nullptr || reader.take("link") != nullptr;
        const auto field = reader.scalar("field"), link = reader.scalar("link"), path = reader.scalar("path");
        if (!is_there) return std::nullopt;
        Origin origin{field ? Origin::By::jira_field : Origin::By::jira_link,
                      field ? field->text : link.value_or(Scalar{}).text, path ? path->text : "", node.mark};
        if (origin.name.empty()) reader.problem(node.mark, "`field` or `link` needs a name");
        return origin;
    }

    std::vector<Origin> origins(const YamlNode& node) {
        if (node.form == YamlNode::Form::scalar) return {{Origin::By::path, node.text, "", node.mark}};
        if (node.form == YamlNode::Form::map) return {named_origin(node)};
        std::vector<Origin> result;
        for (const YamlNode& item : node.items)
            result.push_back(item.form == YamlNode::Form::scalar
                                 ? Origin{Origin::By::path, item.text, "", item.mark}
                                 : named_origin(item));
        if (result.empty()) problems_.push_back({node.mark, "name at least one column"});
        return result;
    }

    Origin named_origin(const YamlNode& node) {
        MapReader reader(node, "an origin", problems_);
        const auto origin = jira_origin(node, reader);
        if (!origin) reader.problem(node.mark, "an origin is a column, or has `field` or `link`");
        reader.finish();
        return origin.value_or(Origin{});
    }

    MappingTest read_test(const YamlNode& node) {
        MappingTest test;
        test.mark = node.mark;
        MapReader reader(node, "a test", problems_);
        rapidjson::StringBuffer buffer;
        JsonWriter writer(buffer);
        const YamlNode& given = reader.require("given");
        if (given.form == YamlNode::Form::scalar || given.form == YamlNode::Form::list)
            reader.problem(given.mark, "`given` is a map of columns and what stands in them");
        write_json(given, writer);
        test.given_json = {buffer.GetString(), buffer.GetSize()};
        const YamlNode& expect = reader.require("expect");
        test.expects_list = expect.form == YamlNode::Form::list;
        if (test.expects_list)
            for (const YamlNode& item : expect.items) test.expect.push_back(read_expected(item));
        else
            test.expect.push_back(read_expected(expect));
        reader.finish();
        return test;
    }

    ExpectedRecord read_expected(const YamlNode& node) {
        ExpectedRecord expected;
        expected.mark = node.mark;
        if (node.form == YamlNode::Form::null && node.mark.line == 0) return expected;  // told as missing
        if (node.form == YamlNode::Form::map) {
            for (const auto& [field, value] : node.entries)
                expected.fields.emplace_back(field.text, expected_value(field.text, value));
        } else if (node.text == "skipped") {
            expected.outcome = mappings::Outcome::skipped;
        } else if (node.text == "rejected") {
            expected.outcome = mappings::Outcome::rejected;
        } else {
            problems_.push_back(
                {node.mark, "`expect` is a map of fields, `skipped` or `rejected`, or a list of those"});
        }
        return expected;
    }

    /// Of a list what its texts look like side by side, as a record shows one; nothing means: no value.
    Scalar expected_value(const std::string& field, const YamlNode& value) {
        if (value.form == YamlNode::Form::null) return {"", value.mark};
        const std::string what = fmt::format("what `expect` says of \"{}\"", field);
        if (value.form != YamlNode::Form::list)
            return single_value(value, what, problems_).value_or(Scalar{"", value.mark});
        Scalar all{"", value.mark};
        for (const YamlNode& item : value.items)
            if (item.form == YamlNode::Form::null)
                problems_.push_back({value.mark, "a list of values has no empty ones"});
            else if (const auto one = single_value(item, what, problems_))
                all.text += (all.text.empty() ? "" : ", ") + one->text;
        return all;
    }

    MapReader reader_;
    Problems& problems_;
    MappingDefinition mapping_;
};

}  // namespace

MappingDefinition read_mapping(const YamlNode& node, std::string name, Problems& problems) {
    return MappingReader(node, std::move(name), problems).read();
}

}  // namespace baselined::config
