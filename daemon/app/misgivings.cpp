#include "daemon/app/misgivings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <compare>
#include <set>

#include "daemon/app/promise_misgivings.hpp"

namespace baselined::daemon {

namespace {

using mappings::ConditionDefinition;
using mappings::Kind;

/// A field that a figure hangs on, and the values one of which it has to have; none: any will do.
struct Read {
    Kind kind = Kind::incident;
    std::string field;
    std::vector<std::string> values;
    auto operator<=>(const Read&) const = default;
};
using Reads = std::set<Read>;
/// Which records count: to leave out what nothing says of a record leaves none out, and is no lack.
enum class Part { where, share };

bool only_leaves_out(const ConditionDefinition& condition) {
    return std::all_of(condition.tests.begin(), condition.tests.end(), [](const mappings::FieldTest& test) {
        return test.op == mappings::FieldTest::Operator::not_any_of;
    });
}

/// Booleans have more words than these two: a `map` may write them otherwise.
std::vector<std::string> values_of(const ConditionDefinition& condition) {
    std::vector<std::string> values;
    for (const mappings::FieldTest& test : condition.tests)
        if (test.op == mappings::FieldTest::Operator::any_of)
            for (const auto& operand : test.operands)
                if (operand.text != "true" && operand.text != "false") values.push_back(operand.text);
    return values;
}

void add_reads(const ConditionDefinition& condition, Kind kind, Part part, Reads& reads) {
    using Node = ConditionDefinition::Node;
    if (part == Part::where && condition.node == Node::negation) return;
    if (condition.node == Node::field && (part == Part::share || !only_leaves_out(condition)))
        reads.insert({kind, condition.field.text, values_of(condition)});
    for (const ConditionDefinition& child : condition.children) add_reads(child, kind, part, reads);
    if (condition.recurs)
        for (const auto& field : condition.recurs->by) reads.insert({kind, field.text, {}});
    if (condition.named_by) reads.insert({condition.named_by->kind, condition.named_by->in.text, {}});
    if (!condition.followed_by) return;
    reads.insert({condition.followed_by->kind, "opened_at", {}});
    for (const auto& field : condition.followed_by->same) {
        reads.insert({kind, field.text, {}});
        reads.insert({condition.followed_by->kind, field.text, {}});
    }
}

Reads reads_of(const mappings::IndicatorDefinition& indicator) {
    Reads reads;
    for (const auto& field : {indicator.at, indicator.of.field, indicator.of.from, indicator.of.to})
        if (field) reads.insert({indicator.kind, field->text, {}});
    add_reads(indicator.where, indicator.kind, Part::where, reads);
    add_reads(indicator.share, indicator.kind, Part::share, reads);
    return reads;
}

/// Where a `map` says all that comes out: whether one of the values does. A value that the source itself says
/// may pass beside the map, but what people map they do not leave to chance.
bool gives(const mappings::ValueRule& rule, const std::vector<std::string>& values) {
    if (values.empty() || rule.map.empty()) return true;
    const auto is_wanted = [&](const std::string& text) {
        return std::find(values.begin(), values.end(), text) != values.end();
    };
    return (rule.otherwise && is_wanted(rule.otherwise->text)) ||
           std::any_of(rule.map.begin(), rule.map.end(),
                       [&](const auto& entry) { return is_wanted(entry.second.text); });
}

enum class Filling { none, other_values, filled };

Filling filling_of(const mappings::MappingDefinition& mapping, const Read& read) {
    const auto of = [](bool is_there) { return is_there ? Filling::filled : Filling::none; };
    if (read.field == "id") return Filling::filled;
    if (read.field == "number") return of(mapping.number.has_value());
    if (read.field == "updated_at") return of(mapping.updated_at.has_value());
    for (const mappings::FieldRule& rule : mapping.fields)
        if (rule.name == read.field)
            return gives(rule.rule, read.values) ? Filling::filled : Filling::other_values;
    return Filling::none;
}

class UnfilledFields {
  public:
    explicit UnfilledFields(const Portfolio& portfolio) : portfolio_(portfolio) {}

    std::vector<std::string> told() {
        for (const MeasurePlan& plan : portfolio_.measures()) {
            look_for_streams(plan, *plan.indicator);
            look_at(plan, *plan.indicator);
            Reads scope;
            add_reads(plan.measure->where, plan.indicator->kind, Part::where, scope);
            tell(plan, "its `where`", scope);
            const auto& adoption = plan.measure->signals.adoption;
            if (!adoption) continue;
            look_for_streams(plan, *portfolio_.indicator(adoption->indicator.text));
            look_at(plan, *portfolio_.indicator(adoption->indicator.text));
        }
        return std::move(told_);
    }

  private:
    void look_for_streams(const MeasurePlan& plan, const mappings::IndicatorDefinition& indicator) {
        if (const auto kind = portfolio_.unfed_kind(indicator))
            told_.push_back(fmt::format(
                "{}: {} needs records of the kind {}, which no stream brings: nothing can be said of it. "
                "Map a stream to that kind, or measure something else",
                plan.measure->id, indicator.name, mappings::name_of(*kind)));
    }

    void look_at(const MeasurePlan& plan, const mappings::IndicatorDefinition& indicator) {
        tell(plan, indicator.name, reads_of(indicator));
        if (!indicator.over) return;
        const auto& over = *portfolio_.indicator(indicator.over->text);
        tell(plan, over.name, reads_of(over));
    }

    void tell(const MeasurePlan& plan, const std::string& reader, const Reads& reads) {
        if (const auto found = told_of_.insert(fmt::format("{} {}", plan.measure->id, reader)); !found.second)
            return;
        for (const Read& read : reads) {
            const auto [filling, streams] = filling_of_streams(read);
            const std::string where = fmt::format("{}: {} reads `{}` of the kind {}", plan.measure->id,
                                                  reader, read.field, mappings::name_of(read.kind));
            if (filling == Filling::none)
                told_.push_back(fmt::format(
                    "{}, which the mapping of {} does not fill, so it is empty in every record: "
                    "add `{}` to the mapping (of a shipped one, to a copy), or measure something else",
                    where, streams, read.field));
            if (filling == Filling::other_values)
                told_.push_back(
                    fmt::format("{} for {}, which the `map` of {} never gives: add to the mapping (of a "
                                "shipped one, to a "
                                "copy) what the source says then, or measure something else",
                                where, fmt::join(read.values, " or "), streams));
        }
    }

    /// By the best of the streams that bring the kind, and their names. The measures' own milestones have
    /// what a milestone has, and of a kind that nobody brings its measures say that there is no data.
    [[nodiscard]] std::pair<Filling, std::string> filling_of_streams(const Read& read) const {
        auto best = Filling::none;
        std::string streams;
        for (const StreamPlan* stream : portfolio_.feeding({read.kind})) {
            for (const std::size_t index : stream->stream->mappings)
                if (const auto& mapping = portfolio_.configuration().mappings[index];
                    mapping.kind == read.kind)
                    best = std::max(best, filling_of(mapping, read));
            streams += fmt::format("{}{}/{}", streams.empty() ? "" : ", ", stream->source->name,
                                   stream->stream->name);
        }
        if (streams.empty() || read.kind == Kind::milestone) best = Filling::filled;
        return {best, streams};
    }

    const Portfolio& portfolio_;
    std::vector<std::string> told_;
    std::set<std::string> told_of_;  ///< measures with who reads: an adoption may be measured by the same
};

/// In winter or in summer: a zone that is UTC by another name shifts nothing.
bool shifts(const date::time_zone* zone) {
    constexpr std::array days{date::sys_days{date::year{2026} / 1 / 1},
                              date::sys_days{date::year{2026} / 7 / 1}};
    return std::any_of(days.begin(), days.end(), [&](mappings::Instant day) {
        return static_cast<std::int64_t>(mappings::to_local(day, zone)) != day.time_since_epoch().count();
    });
}

}  // namespace

std::vector<std::string> misgivings_of(const Portfolio& portfolio) {
    std::vector<std::string> told;
    for (const config::Source& source : portfolio.configuration().sources)
        if (source.type == config::Source::Type::servicenow && shifts(source.zone))
            told.push_back(fmt::format(
                "{}: `timezone: {}` shifts every time that it brings, and ServiceNow gives them in UTC: "
                "leave it "
                "out. Where a text of yours is local time, its field in the mapping takes a `timezone`",
                source.name, mappings::zone_name(source.zone)));
    for (std::string& text : misgivings_of_promises(portfolio)) told.push_back(std::move(text));
    for (std::string& text : UnfilledFields(portfolio).told()) told.push_back(std::move(text));
    return told;
}

}  // namespace baselined::daemon
