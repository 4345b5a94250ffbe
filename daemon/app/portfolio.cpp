#include "daemon/app/portfolio.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/sha256.hpp"

namespace baselined::daemon {

namespace {

std::string day_text(const std::optional<mappings::Day>& day) {
    return day ? std::to_string(day->time_since_epoch().count()) : "-";
}

std::string number_text(const std::optional<double>& number) {
    return number ? fmt::format("{}", *number) : "-";
}

/// Without these there is no record, or not its newest version.
std::vector<std::string> fields_of_every_record() {
    return {"id", "updated_at"};
}

bool brings(const StreamPlan& stream, const std::vector<mappings::Kind>& kinds) {
    return std::any_of(stream.mappings.begin(), stream.mappings.end(), [&](const auto& mapping) {
        return std::find(kinds.begin(), kinds.end(), mapping.kind()) != kinds.end();
    });
}

}  // namespace

Portfolio::Portfolio(const config::Configuration& configuration, Problems& problems)
    : configuration_(configuration), set_(schemas_, configuration.zone) {
    add_streams(problems);
    for (const auto& indicator : configuration.indicators) {
        Problems own;
        mappings::compile(indicator, schemas_, configuration.zone, own);
        problems.insert(problems.end(), own.begin(), own.end());
    }
    if (!problems.empty()) return;
    for (const auto& measure : configuration.measures) add_measure(measure, problems);
}

void Portfolio::add_streams(Problems& problems) {
    for (const config::Source& source : configuration_.sources)
        for (const config::Stream& stream : source.streams) {
            StreamPlan plan{&source, &stream, {}, {}, fields_of_every_record()};
            std::string text = fmt::format("zone {}\n", mappings::zone_name(source.zone));
            for (const std::size_t index : stream.mappings) {
                const auto& definition = configuration_.mappings[index];
                plan.mappings.push_back(mappings::compile(definition, schemas_, source.zone, problems));
                text += mappings::canonical_text(definition);
            }
            plan.digest = sha256(text);
            streams_.push_back(std::move(plan));
        }
    // Tests run once all attributes are known: a mapping's own is compared by its type.
    if (!problems.empty()) return;
    for (const auto& definition : configuration_.mappings) {
        Problems unused;
        auto compiled = mappings::compile(definition, schemas_, mappings::find_zone("UTC"), unused);
        for (Problem& difference : mappings::run_tests(definition, compiled, schemas_))
            problems.push_back(std::move(difference));
    }
}

const mappings::IndicatorDefinition* Portfolio::indicator(std::string_view name) const {
    for (const auto& indicator : configuration_.indicators)
        if (indicator.name == name) return &indicator;
    return nullptr;
}

std::vector<mappings::Kind> Portfolio::kinds_of(const mappings::IndicatorDefinition& indicator) const {
    auto kinds = mappings::kinds_used(indicator);
    if (indicator.over)
        for (const mappings::Kind kind : mappings::kinds_used(*this->indicator(indicator.over->text)))
            if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) kinds.push_back(kind);
    return kinds;
}

std::optional<mappings::Kind> Portfolio::unfed_kind(const mappings::IndicatorDefinition& indicator) const {
    std::vector<mappings::Kind> counted{indicator.kind};
    if (indicator.over) counted.push_back(this->indicator(indicator.over->text)->kind);
    for (const mappings::Kind kind : counted)
        if (kind != mappings::Kind::milestone && feeding({kind}).empty()) return kind;
    return std::nullopt;
}

std::vector<const StreamPlan*> Portfolio::feeding(const std::vector<mappings::Kind>& kinds) const {
    std::vector<const StreamPlan*> feeding;
    for (const StreamPlan& stream : streams_)
        if (brings(stream, kinds)) feeding.push_back(&stream);
    return feeding;
}

std::optional<std::pair<std::size_t, std::optional<std::size_t>>> Portfolio::add_series(
    const mappings::IndicatorDefinition& indicator, const mappings::ConditionDefinition& scope,
    mappings::PeriodLength period, Problems& problems) {
    const auto upper = set_.add(indicator, problems);
    if (!upper) return std::nullopt;
    const auto series = set_.add_series(*upper, scope, period, problems);
    if (!series) return std::nullopt;
    if (!indicator.over) return std::pair{*series, std::optional<std::size_t>{}};
    const auto* over = this->indicator(indicator.over->text);
    const auto lower = over != nullptr ? set_.add(*over, problems) : std::nullopt;
    const auto lower_series = lower ? set_.add_series(*lower, scope, period, problems) : std::nullopt;
    if (!lower_series) return std::nullopt;
    return std::pair{*series, lower_series};
}

void Portfolio::add_measure(const mappings::MeasureDefinition& measure, Problems& problems) {
    MeasurePlan plan;
    plan.measure = &measure;
    plan.indicator = indicator(measure.indicator.text);
    if (plan.indicator == nullptr) return;  // told while loading
    const auto series = add_series(*plan.indicator, measure.where, measure.period, problems);
    if (!series) return;
    plan.series = series->first;
    plan.lower = series->second;
    plan.kinds = kinds_of(*plan.indicator);
    if (measure.signals.adoption)
        if (const auto* adoption = indicator(measure.signals.adoption->indicator.text))
            if (const auto added = add_series(*adoption, {}, measure.period, problems)) {
                plan.adoption = added->first;
                plan.adoption_lower = added->second;
                note_needed(mappings::kinds_used(*adoption), mappings::fields_used(*adoption));
            }
    plan.definition = definition_of(plan);
    for (const StreamPlan* stream : feeding(plan.kinds))
        plan.zones +=
            fmt::format("{}: {}\n", stream->source->name, mappings::zone_name(stream->source->zone));
    plan.needed = fields_of(plan);
    note_needed(plan.kinds, plan.needed);
    for (std::string& field : fields_of_every_record()) plan.needed.push_back(std::move(field));
    measures_.push_back(std::move(plan));
}

std::vector<std::string> Portfolio::fields_of(const MeasurePlan& plan) const {
    std::vector<std::string> fields = mappings::fields_used(*plan.indicator);
    if (plan.lower)
        for (std::string& field : mappings::fields_used(*indicator(plan.indicator->over->text)))
            fields.push_back(std::move(field));
    mappings::add_fields_used(plan.measure->where, fields);
    return fields;
}

void Portfolio::note_needed(const std::vector<mappings::Kind>& kinds,
                            const std::vector<std::string>& fields) {
    for (StreamPlan& stream : streams_)
        if (brings(stream, kinds)) {
            stream.needed.insert(stream.needed.end(), fields.begin(), fields.end());
            stream.feeds_measures = true;
        }
}

std::string Portfolio::definition_of(const MeasurePlan& plan) const {
    const auto& measure = *plan.measure;
    const std::vector<std::string> fields = fields_of(plan);
    std::string text = set_.series(plan.series).digest + (plan.lower ? set_.series(*plan.lower).digest : "");
    text += fmt::format("\nbaseline {} {} {} {}\ntarget {} {} {} {} {}\n", day_text(measure.baseline.from),
                        day_text(measure.baseline.to), number_text(measure.baseline.value),
                        number_text(measure.baseline.n), number_text(measure.target.change),
                        number_text(measure.target.value), day_text(measure.target.from),
                        day_text(measure.target.by), measure.target.ramp);
    for (const StreamPlan* stream : feeding(plan.kinds))
        for (const std::size_t index : stream->stream->mappings)
            text += stream->source->name + "/" + stream->stream->name + ": " +
                    mappings::canonical_text(configuration_.mappings[index], fields);
    return sha256(text);
}

}  // namespace baselined::daemon
