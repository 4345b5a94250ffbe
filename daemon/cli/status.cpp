// `status`: each measure's figures, both statuses, the reasons and the money.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "daemon/cli/commands.hpp"
#include "daemon/cli/measure_json.hpp"
#include "daemon/report/figure_text.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

struct Range {
    double low = HUGE_VAL, high = -HUGE_VAL;
};

Range range_of(const std::vector<std::optional<double>>& values) {
    Range range;
    for (const auto& value : values)
        if (value) range = {std::min(range.low, *value), std::max(range.high, *value)};
    return range;
}

std::string sparkline(std::span<const std::optional<double>> values, const Range& range) {
    constexpr const char* bars[]{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const auto bar_of = [&](double value) {
        if (range.high <= range.low) return bars[3];
        return bars[static_cast<std::size_t>((value - range.low) / (range.high - range.low) * 7.999)];
    };
    std::string line;
    for (const auto& value : values) line += value ? bar_of(*value) : " ";
    return line;
}

constexpr std::size_t most_bars = 60;  ///< with the title behind them a line of a terminal

/// Settled periods alone: a running month would look like a success. Of many the newest, which is said.
std::string history(const MeasureView& view) {
    std::vector<std::optional<double>> values;
    for (const auto& period : view.baseline_periods)
        if (period.figure.settled) values.push_back(period.figure.value);
    std::size_t baseline = values.size();
    for (const auto& point : view.assessment.track)
        if (point.at.figure.settled) values.push_back(point.at.figure.value);
    const std::size_t all = values.size();
    const std::size_t cut = all - std::min(all, most_bars);
    values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(cut));
    const char* boundary = cut > 0 && cut >= baseline ? "" : "│";
    baseline -= std::min(baseline, cut);
    const auto begin = values.begin(), measured = begin + static_cast<std::ptrdiff_t>(baseline);
    const Range range = range_of(values);
    const std::string line =
        sparkline({begin, measured}, range) + boundary + sparkline({measured, values.end()}, range);
    const std::string& title = view.plan->indicator->title;
    return cut > 0 ? fmt::format("{}  {} (the newest {} of {} periods)", line, title, most_bars, all)
                   : fmt::format("{}  {}", line, title);
}

void print_measure(const MeasureView& view) {
    const auto& measure = *view.plan->measure;
    const auto& result = view.assessment;
    const std::string unit = unit_text(*view.plan->indicator);
    const auto figure = [&](const std::optional<double>& value) {
        return value ? figure_text(*value, unit) : std::string("-");
    };
    fmt::print("{}\n", heading_of(measure));
    fmt::print("    work: {:<10} value: {}\n", name_of(result.implementation), name_of(result.potential));
    fmt::print("    {}\n", history(view));
    fmt::print("    baseline {}, target {}, actual {}{}\n", figure(view.baseline.value),
               figure(result.target), figure(view.actual ? view.actual->figure.value : std::nullopt),
               view.actual ? " (" + view.actual->label + ")" : "");
    if (!result.sentence.empty()) fmt::print("    {}\n", result.sentence);
    if (result.saving) {
        const auto money = [&](double amount) { return money_text(amount, result.saving->currency); };
        fmt::print("    saving: target {}, expected by now {}, actual {}, {} {}\n",
                   money(result.saving->target), money(result.saving->expected),
                   result.saving->actual ? fmt::format("{} ± {} (provisional)", money(*result.saving->actual),
                                                       money(*result.saving->actual_se))
                                         : "-",
                   result.is_due_past ? "by the target date" : "forecast",
                   money(result.is_due_past ? result.saving->by_target : result.saving->forecast));
    }
    for (const auto& reason : result.reasons)
        if (reason.text != result.sentence)
            fmt::print("    {}: {}\n", reason.code, mappings::one_line(reason.text));
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
