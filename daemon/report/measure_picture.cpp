#include "daemon/report/measure_picture.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace baselined::daemon {

namespace {

/// A forecast as it can come true: the formula's straight line may leave what shares and amounts can be.
std::function<double(double)> possible(const mappings::IndicatorDefinition& indicator) {
    const bool is_share =
        indicator.form == mappings::Form::share || indicator.form == mappings::Form::snapshot;
    const double most = is_share ? 1 : HUGE_VAL;
    return [most](double value) { return std::clamp(value, 0.0, most); };
}

}  // namespace

Chart chart_of(const MeasureView& view) {
    Chart chart;
    chart.unit = unit_text(*view.plan->indicator);
    chart.baseline = view.baseline.value;
    chart.target = view.assessment.target;
    const auto add = [&](const std::string& label, const mappings::PeriodFigure& figure) -> ChartPeriod& {
        ChartPeriod period;
        period.label = label;
        period.value = figure.value;
        period.settled = figure.settled;
        if (const auto limits = view.assessment.limits(figure.denominator)) {
            period.lower = limits->lower;
            period.upper = limits->upper;
        }
        chart.periods.push_back(std::move(period));
        return chart.periods.back();
    };
    for (const auto& baseline : view.baseline_periods) add(baseline.label, baseline.figure).baseline = true;
    for (const auto& point : view.assessment.track)
        add(point.at.label, point.at.figure).expected = point.expected;
    const auto shown = possible(*view.plan->indicator);
    for (const auto& to_come : view.assessment.fan) {
        auto known = std::find_if(chart.periods.begin(), chart.periods.end(),
                                  [&](const ChartPeriod& period) { return period.label == to_come.label; });
        if (known == chart.periods.end()) {
            chart.periods.push_back({});
            known = chart.periods.end() - 1;
            known->label = to_come.label;
        }
        known->forecast = shown(to_come.value);
        known->forecast_low = shown(to_come.low);
        known->forecast_high = shown(to_come.high);
    }
    return chart;
}

std::vector<NewestTickets> newest_tickets(FigureBook& figures, const std::vector<const MeasureView*>& views,
                                          std::size_t limit) {
    std::vector<FigureBook::FigurePlace> places;
    for (const MeasureView* view : views)
        if (view->actual) places.push_back({view->plan->series, view->actual->period});
    auto records = figures.records(places);
    std::vector<NewestTickets> all;
    auto next = records.begin();
    for (const MeasureView* view : views) {
        NewestTickets& tickets = all.emplace_back();
        if (!view->actual) continue;
        tickets.newest = std::move(*next++);
        const auto form = view->plan->indicator->form;
        if (form == mappings::Form::share || form == mappings::Form::snapshot) {
            tickets.are_misses = view->plan->indicator->better == mappings::Better::higher;
            std::erase_if(tickets.newest, [misses = tickets.are_misses](const CountedRecord& ticket) {
                return ticket.hit == misses;
            });
        }
        std::stable_sort(tickets.newest.begin(), tickets.newest.end(),
                         [](const CountedRecord& a, const CountedRecord& b) { return a.at > b.at; });
        tickets.count = tickets.newest.size();
        tickets.newest.resize(std::min(tickets.count, limit));
    }
    return all;
}

}  // namespace baselined::daemon
