#include "daemon/cli/measure_json.hpp"

#include <fmt/format.h>

namespace baselined::daemon {

namespace {

constexpr double hours_a_day = 24;

std::string day_text(const std::optional<mappings::Day>& day) {
    return day ? mappings::format_day(*day) : "";
}

void write_baseline(Json& json, const MeasureView& view) {
    const auto& definition = view.plan->measure->baseline;
    json.key("baseline").object();
    json.key("value").number(view.baseline.value);
    json.key("numerator").number(shown_numerator(*view.plan->indicator, view.baseline));
    json.key("denominator").number(view.baseline.denominator);
    json.key("from").optional_text(day_text(definition.from));
    json.key("to").optional_text(day_text(definition.to));
    json.key("frozen_at").instant(view.frozen ? std::optional(view.frozen->frozen_at) : std::nullopt);
    json.key("digest").optional_text(view.digest);
    json.end_object();
}

void write_saving(Json& json, const std::optional<mappings::Saving>& saving) {
    json.key("saving");
    if (!saving) return json.null();
    json.object();
    json.key("currency").text(saving->currency);
    json.key("target").number(saving->target);
    json.key("expected").number(saving->expected);
    json.key("forecast").number(saving->forecast);
    json.key("actual").number(saving->actual);
    json.key("actual_se").number(saving->actual_se);
    json.key("confirmed").number(0.0);
    json.end_object();
}

void write_figures(Json& json, const MeasureView& view) {
    const auto& measure = *view.plan->measure;
    const auto& result = view.assessment;
    json.key("target").object();
    json.key("value").number(result.target);
    json.key("change").number(measure.target.change);
    json.key("by").optional_text(day_text(result.due));
    json.end_object();
    json.key("actual");
    if (view.actual) {
        json.object();
        json.key("value").number(view.actual->figure.value);
        json.key("numerator").number(shown_numerator(*view.plan->indicator, view.actual->figure));
        json.key("denominator").number(shown_denominator(*view.plan->indicator, view.actual->figure));
        json.key("period").text(view.actual->label);
        json.key("settled").boolean(true);
        json.end_object();
    } else {
        json.null();
    }
    json.key("realised").number(result.realised);
    json.key("drift").number(result.drift);
    json.key("p_deliver").number(result.p_deliver);
    json.key("forecast");
    if (result.forecast) {
        json.object();
        json.key("value").number(result.forecast->value);
        json.key("low").number(result.forecast->low);
        json.key("high").number(result.forecast->high);
        json.key("at").optional_text(day_text(result.due));
        json.end_object();
    } else {
        json.null();
    }
}

}  // namespace

void write_measure(Json& json, const MeasureView& view) {
    const auto& measure = *view.plan->measure;
    const auto& result = view.assessment;
    json.object();
    json.key("id").text(measure.id);
    json.key("name").text(measure.name);
    json.key("owner").object();
    json.key("name").text(measure.owner.name);
    json.key("email").text(measure.owner.email);
    json.end_object();
    json.key("stage");
    if (measure.stage) {
        json.object();
        json.key("doi").number(static_cast<double>(static_cast<int>(*measure.stage)));
        json.key("name").text(name_of(*measure.stage));
        json.end_object();
    } else {
        json.null();
    }
    json.key("implementation_status").text(name_of(result.implementation));
    json.key("potential_status").text(name_of(result.potential));
    json.key("indicator").text(view.plan->indicator->name);
    json.key("definition")
        .text(fmt::format("{}@{}", view.plan->indicator->name, view.plan->indicator->version));
    json.key("unit").text(unit_text(*view.plan->indicator));
    json.key("better").text(view.plan->indicator->better == mappings::Better::lower ? "lower" : "higher");
    write_baseline(json, view);
    write_figures(json, view);
    write_saving(json, result.saving);
    json.key("reasons").array();
    for (const auto& reason : result.reasons) {
        json.object();
        json.key("code").text(reason.code);
        json.key("text").text(reason.text);
        json.end_object();
    }
    json.end_array();
    json.key("data").object();
    json.key("fresh").boolean(view.data.fresh);
    json.key("last_read_at").instant(view.data.last_read_at);
    json.key("last_record_at").instant(view.data.last_record_at);
    json.end_object();
    json.end_object();
}

std::string heading_of(const mappings::MeasureDefinition& measure) {
    return measure.name == measure.id ? measure.id : measure.id + "  " + measure.name;
}

std::optional<double> shown_numerator(const mappings::IndicatorDefinition& indicator,
                                      const mappings::PeriodFigure& figure) {
    using mappings::Form;
    if (indicator.form == Form::median || indicator.form == Form::percentile) return std::nullopt;
    // Whatever unit the mean is shown in.
    const bool is_sum_of_days = (indicator.form == Form::mean || indicator.form == Form::age) &&
                                indicator.unit == mappings::Unit::days && indicator.of.from.has_value();
    return is_sum_of_days ? figure.numerator * hours_a_day : figure.numerator;
}

std::optional<double> shown_denominator(const mappings::IndicatorDefinition& indicator,
                                        const mappings::PeriodFigure& figure) {
    using mappings::Form;
    if (indicator.form == Form::count || indicator.form == Form::sum || indicator.form == Form::backlog)
        return std::nullopt;
    return figure.denominator;
}

}  // namespace baselined::daemon
