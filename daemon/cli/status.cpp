// `status`: each measure's figures, both statuses, the reasons and the money.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/cli/commands.hpp"
#include "daemon/cli/json.hpp"
#include "daemon/report/chart.hpp"

namespace baselined::daemon {

namespace {

std::string day_text(const std::optional<mappings::Day>& day) {
    if (!day) return {};
    const date::year_month_day ymd{*day};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                       static_cast<unsigned>(ymd.day()));
}

void write_baseline(Json& json, const MeasureView& view) {
    const auto& definition = view.plan->measure->baseline;
    const bool is_median = view.plan->indicator->form == mappings::Form::median ||
                           view.plan->indicator->form == mappings::Form::percentile;
    json.key("baseline").object();
    json.key("value").number(view.baseline.value);
    json.key("numerator").number(is_median ? std::nullopt : std::optional(view.baseline.numerator));
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
    json.key("by").optional_text(day_text(measure.target.by));
    json.end_object();
    json.key("actual");
    if (view.actual) {
        const bool is_median = view.plan->indicator->form == mappings::Form::median ||
                               view.plan->indicator->form == mappings::Form::percentile;
        const bool is_plain = view.plan->indicator->form == mappings::Form::count ||
                              view.plan->indicator->form == mappings::Form::sum ||
                              view.plan->indicator->form == mappings::Form::backlog;
        json.object();
        json.key("value").number(view.actual->figure.value);
        json.key("numerator").number(is_median ? std::nullopt : std::optional(view.actual->figure.numerator));
        json.key("denominator")
            .number(is_plain ? std::nullopt : std::optional(view.actual->figure.denominator));
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
        json.key("at").optional_text(day_text(measure.target.by));
        json.end_object();
    } else {
        json.null();
    }
}

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

/// Eight heights, the whole range from lowest to highest.
std::string sparkline(const std::vector<std::optional<double>>& values) {
    constexpr const char* bars[]{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (const auto& value : values)
        if (value) {
            low = std::min(low, *value);
            high = std::max(high, *value);
        }
    std::string line;
    for (const auto& value : values)
        line += !value
                    ? " "
                    : bars[high > low ? static_cast<std::size_t>((*value - low) / (high - low) * 7.999) : 3];
    return line;
}

std::string history(const MeasureView& view) {
    std::vector<std::optional<double>> values;
    for (const auto& period : view.baseline_periods) values.push_back(period.figure.value);
    const std::size_t baseline = values.size();
    for (const auto& point : view.assessment.track) values.push_back(point.at.figure.value);
    std::string line = sparkline(values);
    // Each character of a sparkline has three bytes, a gap one.
    std::size_t at = 0;
    for (std::size_t i = 0; i < baseline; ++i) at += values[i] ? 3 : 1;
    return line.substr(0, at) + "│" + line.substr(at);
}

void print_measure(const MeasureView& view) {
    const auto& measure = *view.plan->measure;
    const auto& result = view.assessment;
    const std::string unit = unit_text(*view.plan->indicator);
    const auto figure = [&](const std::optional<double>& value) {
        return value ? figure_text(*value, unit) : std::string("-");
    };
    fmt::print("{}  {}\n", measure.id, measure.name);
    fmt::print("    work: {:<10} value: {}\n", name_of(result.implementation), name_of(result.potential));
    fmt::print("    {}  {}\n", history(view), view.plan->indicator->title);
    fmt::print("    baseline {}, target {}, actual {}{}\n", figure(view.baseline.value),
               figure(result.target), figure(view.actual ? view.actual->figure.value : std::nullopt),
               view.actual ? " (" + view.actual->label + ")" : "");
    if (!result.sentence.empty()) fmt::print("    {}\n", result.sentence);
    if (result.saving) {
        const auto money = [&](double amount) {
            return figure_text(std::round(amount), result.saving->currency);
        };
        fmt::print("    saving: target {}, expected by now {}, actual {} ± {} (provisional), forecast {}\n",
                   money(result.saving->target), money(result.saving->expected), money(result.saving->actual),
                   money(result.saving->actual_se), money(result.saving->forecast));
    }
    for (const auto& reason : result.reasons)
        if (reason.text != result.sentence) fmt::print("    {}: {}\n", reason.code, reason.text);
    fmt::print("\n");
}

}  // namespace

std::optional<std::vector<MeasureView>> views_of(Invocation& invocation, Store& store,
                                                 const std::string& measure) {
    FigureBook figures(*invocation.portfolio, store, invocation.clock);
    auto views = evaluate(*invocation.portfolio, store, figures, invocation.now);
    if (measure.empty()) return views;
    std::vector<std::string> ids;
    for (const auto& view : views) ids.push_back(view.plan->measure->id);
    std::erase_if(views, [&](const MeasureView& view) { return view.plan->measure->id != measure; });
    if (!views.empty()) return views;
    fmt::print(stderr, "no measure \"{}\"{}\n", measure, did_you_mean(measure, ids));
    return std::nullopt;
}

int show_status(Invocation& invocation, const std::string& measure) {
    const auto store = open_sqlite_store(invocation.portfolio->configuration().store, StoreMode::read);
    store->use_attributes(invocation.portfolio->schemas());
    const auto views = views_of(invocation, *store, measure);
    if (!views) return exit_usage;
    if (!invocation.json) {
        for (const MeasureView& view : *views) print_measure(view);
        return exit_done;
    }
    Json json;
    json.object();
    json.key("generated_at").instant(invocation.now);
    json.key("measures").array();
    for (const MeasureView& view : *views) write_measure(json, view);
    json.end_array();
    json.end_object();
    fmt::print("{}\n", json.str());
    return exit_done;
}

}  // namespace baselined::daemon
