#include <fmt/format.h>

#include <array>

#include "config/definitions.hpp"
#include "config/source_reader.hpp"

namespace baselined::config {

namespace {

using mappings::MeasureDefinition;
using mappings::PeriodLength;
using mappings::Stage;

template <class Enum, std::size_t count>
std::optional<Enum> named(MapReader& reader, const std::string& key, const std::array<Enum, count>& values) {
    std::vector<std::string> names;
    for (const Enum value : values) names.emplace_back(mappings::name_of(value));
    const auto index = reader.choice(key, names);
    return index ? std::make_optional(values[*index]) : std::nullopt;
}

class MeasureReader {
  public:
    MeasureReader(const YamlNode& node, Problems& problems)
        : reader_(node, "a measure", problems), problems_(problems) {
        measure_.mark = node.mark;
    }

    MeasureDefinition read() {
        measure_.id = one_line(reader_, "id");
        if (measure_.id.empty()) reader_.problem(measure_.mark, "a measure needs `id`");
        measure_.name = one_line(reader_, "name");
        if (measure_.name.empty()) measure_.name = measure_.id;
        measure_.programme = one_line(reader_, "programme");
        measure_.owner = person("owner");
        measure_.sponsor = person("sponsor");
        measure_.controller = person("controller");
        measure_.indicator = reader_.required_scalar("indicator");
        if (const YamlNode* where = reader_.take("where")) measure_.where = read_condition(*where, problems_);
        measure_.period = named(reader_, "period",
                                std::array{PeriodLength::day, PeriodLength::week, PeriodLength::month,
                                           PeriodLength::quarter})
                              .value_or(PeriodLength::month);
        baseline(reader_.require("baseline"));
        target(reader_.require("target"));
        if (const YamlNode* value = reader_.take("unit_value")) unit_value(*value);
        measure_.stage = named(reader_, "stage",
                               std::array{Stage::defined, Stage::identified, Stage::detailed, Stage::decided,
                                          Stage::implemented, Stage::closed});
        lists();
        if (const YamlNode* node = reader_.take("signals")) signals(*node);
        reader_.finish();
        return std::move(measure_);
    }

  private:
    std::string one_line(MapReader& reader, const std::string& key) {
        const auto value = reader.scalar(key);
        if (!value) return {};
        require_one_line(*value, problems_);
        return value->text;
    }

    mappings::Person person(const std::string& key) {
        const YamlNode* node = reader_.take(key);
        if (node == nullptr) return {};
        MapReader reader(*node, key, problems_);
        const auto email = reader.scalar("email");
        mappings::Person person{one_line(reader, "name"), email ? email->text : "", nullptr};
        if (reader.take("timezone") != nullptr) person.zone = read_zone(reader, "timezone");
        if (email && !is_email(email->text))
            reader.problem(email->mark, fmt::format("\"{}\" is no email address", email->text));
        reader.finish();
        return person;
    }

    void baseline(const YamlNode& node) {
        MapReader reader(node, "baseline", problems_);
        mappings::BaselineDefinition& baseline = measure_.baseline;
        baseline.mark = node.mark;
        baseline.from = reader.day("from");
        baseline.to = reader.day("to");
        baseline.value = reader.number("value");
        baseline.n = reader.number("n");
        const bool is_window = baseline.from && baseline.to;
        if (node.form == YamlNode::Form::map && is_window == baseline.value.has_value())
            reader.problem(node.mark, "a baseline has `from` and `to`, or `value` and `n`");
        if (is_window && *baseline.to < *baseline.from)
            reader.problem(node.mark, "the baseline ends before it begins");
        if (baseline.value && baseline.n.value_or(0) <= 0)
            reader.problem(node.mark,
                           "a stated baseline needs `n`: how many cases a period has (of a count: how many "
                           "periods it was taken from)");
        reader.finish();
    }

    void target(const YamlNode& node) {
        MapReader reader(node, "target", problems_);
        mappings::TargetDefinition& target = measure_.target;
        target.mark = node.mark;
        target.change = reader.number("change");
        target.value = reader.number("value");
        target.from = reader.day("from");
        target.by = reader.day("by");
        target.ramp = static_cast<int>(reader.integer("ramp").value_or(1));
        if (node.form == YamlNode::Form::map && target.change.has_value() == target.value.has_value())
            reader.problem(node.mark, "a target has `change` or `value`");
        if (target.ramp < 1) reader.problem(node.mark, "`ramp` is at least 1 period");
        if (target.change && (*target.change == 0 || *target.change <= -1))
            reader.problem(node.mark, "the target's `change` must lie between 0 and 100 %");
        if (target.from && target.by && *target.by < *target.from)
            reader.problem(node.mark, "the target's `by` lies before its `from`");
        reader.finish();
    }

    void unit_value(const YamlNode& node) {
        MapReader reader(node, "unit_value", problems_);
        measure_.unit_value = reader.number("amount");
        const auto currency = reader.scalar("currency");
        if (currency && !is_currency(currency->text))
            reader.problem(currency->mark, "`currency` is three capital letters, like EUR");
        if (currency) measure_.currency = currency->text;
        if (node.form == YamlNode::Form::map && (!measure_.unit_value || measure_.currency.empty()))
            reader.problem(node.mark, "unit_value needs `amount` and `currency`");
        reader.finish();
    }

    void lists() {
        reader_.each("milestones", [&](const YamlNode& node) {
            MapReader reader(node, "a milestone", problems_);
            measure_.milestones.push_back({reader.text("name"), reader.day("due"), reader.day("done")});
            reader.finish();
        });
        reader_.each("evidence", [&](const YamlNode& node) {
            MapReader reader(node, "evidence", problems_);
            measure_.evidence.push_back({reader.text("name"), reader.day("due"), reader.text("url")});
            reader.finish();
        });
        reader_.each("risks", [&](const YamlNode& node) {
            MapReader reader(node, "a risk", problems_);
            measure_.risks.push_back({reader.text("name"), reader.boolean("open").value_or(true)});
            reader.finish();
        });
        reader_.each("dependencies", [&](const YamlNode& node) {
            MapReader reader(node, "a dependency", problems_);
            measure_.dependencies.push_back({reader.text("name"), reader.text("blocked_by")});
            reader.finish();
        });
        reader_.each("documents", [&](const YamlNode& node) {
            MapReader reader(node, "a document", problems_);
            measure_.documents.push_back({reader.text("name"), reader.text("url")});
            reader.finish();
        });
    }

    void signals(const YamlNode& node) {
        MapReader reader(node, "signals", problems_);
        if (const YamlNode* adoption = reader.take("adoption")) {
            MapReader inner(*adoption, "adoption", problems_);
            const Scalar indicator = inner.required_scalar("indicator");
            measure_.signals.adoption = {indicator, inner.number("at_least").value_or(0)};
            inner.finish();
        }
        const auto evidence = reader.scalar("evidence");
        if (evidence && evidence->text != "required")
            reader.problem(evidence->mark, "`evidence` can be: required");
        measure_.signals.evidence_required = evidence.has_value();
        measure_.signals.actions_grace = grace(reader, "actions");
        measure_.signals.findings_grace = grace(reader, "findings");
        reader.finish();
    }

    std::optional<std::chrono::milliseconds> grace(MapReader& reader, const std::string& key) {
        const YamlNode* node = reader.take(key);
        if (node == nullptr) return std::nullopt;
        MapReader inner(*node, key, problems_);
        const auto grace = inner.duration("grace");
        inner.finish();
        return grace.value_or(std::chrono::milliseconds{0});
    }

    MapReader reader_;
    Problems& problems_;
    MeasureDefinition measure_;
};

}  // namespace

std::vector<MeasureDefinition> read_measures(const YamlNode& node, Problems& problems) {
    std::vector<MeasureDefinition> measures;
    MapReader reader(node, "a measures file", problems);
    if (node.form == YamlNode::Form::map && !reader.has("measures"))
        reader.problem(node.mark, "a measures file needs `measures:`");
    reader.each("measures", [&](const YamlNode& measure) {
        measures.push_back(MeasureReader(measure, problems).read());
    });
    reader.finish();
    return measures;
}

}  // namespace baselined::config
