// `status`: each measure's figures, both statuses, the reasons and the money.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/cli/commands.hpp"
#include "daemon/cli/measure_json.hpp"
#include "daemon/report/chart.hpp"

namespace baselined::daemon {

namespace {

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

/// Settled periods alone: a running month would look like a success.
std::string history(const MeasureView& view) {
    std::vector<std::optional<double>> values;
    for (const auto& period : view.baseline_periods)
        if (period.figure.settled) values.push_back(period.figure.value);
    const std::size_t baseline = values.size();
    for (const auto& point : view.assessment.track)
        if (point.at.figure.settled) values.push_back(point.at.figure.value);
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
        fmt::print("    saving: target {}, expected by now {}, actual {}, {} {}\n",
                   money(result.saving->target), money(result.saving->expected),
                   result.saving->actual ? fmt::format("{} ± {} (provisional)", money(*result.saving->actual),
                                                       money(*result.saving->actual_se))
                                         : "-",
                   result.is_due_past ? "by the target date" : "forecast",
                   money(result.is_due_past ? result.saving->by_target : result.saving->forecast));
    }
    for (const auto& reason : result.reasons)
        if (reason.text != result.sentence) fmt::print("    {}: {}\n", reason.code, reason.text);
    fmt::print("\n");
}

}  // namespace

std::optional<std::vector<MeasureView>> views_of(Invocation& invocation, Store& store,
                                                 const std::string& measure) {
    Books books(*invocation.portfolio, store, invocation.clock);
    auto views = evaluate(*invocation.portfolio, store, books, invocation.now);
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
