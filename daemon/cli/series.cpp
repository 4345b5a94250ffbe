// `series` and `replay`: one row a period.
#include <fmt/format.h>

#include <algorithm>

#include "config/yaml/reader.hpp"
#include "daemon/app/baselines.hpp"
#include "daemon/app/currencies.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/json.hpp"
#include "daemon/cli/measure_json.hpp"
#include "mappings/alert/decision.hpp"

namespace baselined::daemon {

namespace {

using mappings::Calendar;
using mappings::Period;
using mappings::PeriodLength;

struct SeriesRow {
    Period period;
    std::string label;
    mappings::PeriodFigure figure;
    std::optional<double> expected, lower, upper;
};

std::optional<PeriodLength> period_named(const std::string& name) {
    for (const PeriodLength length :
         {PeriodLength::day, PeriodLength::week, PeriodLength::month, PeriodLength::quarter})
        if (mappings::name_of(length) == name) return length;
    return std::nullopt;
}

void print_json(const std::vector<SeriesRow>& rows, const mappings::IndicatorDefinition& indicator) {
    Json json;
    json.object();
    json.key("periods").array();
    for (const SeriesRow& row : rows) {
        json.object();
        json.key("period").text(row.label);
        json.key("from").instant(row.period.begin);
        json.key("to").instant(row.period.end);
        json.key("value").number(row.figure.value);
        json.key("numerator").number(shown_numerator(indicator, row.figure));
        json.key("denominator").number(shown_denominator(indicator, row.figure));
        json.key("settled").boolean(row.figure.settled);
        json.key("expected").number(row.expected);
        json.key("lower").number(row.lower);
        json.key("upper").number(row.upper);
        json.key("completeness").number(row.figure.completeness);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    fmt::print("{}\n", json.str());
}

void print_table(const std::vector<SeriesRow>& rows, const mappings::IndicatorDefinition& indicator,
                 bool csv) {
    const auto text = [](const std::optional<double>& value) {
        return value ? fmt::format("{}", *value) : std::string();
    };
    if (csv)
        fmt::print("period,value,numerator,denominator,settled,expected,lower,upper\n");
    else
        fmt::print("{:<12}{:>14}{:>14}{:>14}  {}\n", "period", "value", "numerator", "denominator",
                   "settled");
    for (const SeriesRow& row : rows) {
        const auto numerator = shown_numerator(indicator, row.figure),
                   denominator = shown_denominator(indicator, row.figure);
        if (csv)
            fmt::print("{},{},{},{},{},{},{},{}\n", row.label, text(row.figure.value), text(numerator),
                       text(denominator), row.figure.settled, text(row.expected), text(row.lower),
                       text(row.upper));
        else
            fmt::print("{:<12}{:>14}{:>14}{:>14}  {}\n", row.label,
                       row.figure.value ? fmt::format("{:.6g}", *row.figure.value) : "-",
                       numerator ? fmt::format("{:.6g}", *numerator) : "-",
                       denominator ? fmt::format("{:.6g}", *denominator) : "-",
                       row.figure.settled            ? "yes"
                       : row.figure.completeness < 1 ? "no, completed for late records"
                                                     : "no");
    }
}

/// `field=value`: repeated fields mean any of them, different ones all.
std::optional<mappings::ConditionDefinition> parse_where(const std::vector<std::string>& where) {
    mappings::ConditionDefinition all;
    for (const std::string& term : where) {
        const std::size_t equals = term.find('=');
        if (equals == std::string::npos || equals == 0) {
            fmt::print(stderr, "--where {}: write field=value\n", term);
            return std::nullopt;
        }
        const std::string field = term.substr(0, equals);
        auto known = std::find_if(all.children.begin(), all.children.end(),
                                  [&](const auto& child) { return child.field.text == field; });
        if (known == all.children.end()) {
            mappings::ConditionDefinition child;
            child.node = mappings::ConditionDefinition::Node::field;
            child.field = {field, {}};
            child.tests.push_back({mappings::FieldTest::Operator::any_of, {}, {}});
            known = all.children.insert(all.children.end(), child);
        }
        known->tests.front().operands.push_back({term.substr(equals + 1), {}});
    }
    return all;
}

/// The days of --from and --to; the first and last period with data where they are absent.
struct Range {
    std::optional<mappings::Day> from, to;
};

std::optional<Range> parse_range(const std::string& from, const std::string& to) {
    Range range;
    for (const auto& [text, day] : {std::pair{&from, &range.from}, std::pair{&to, &range.to}}) {
        if (text->empty()) continue;
        *day = config::parse_day(*text);
        if (*day) continue;
        fmt::print(stderr, "\"{}\" is no day: write it like 2026-01-31\n", *text);
        return std::nullopt;
    }
    return range;
}

std::vector<Period> chosen_periods(const Range& range, const Calendar& calendar, std::optional<Instant> first,
                                   Instant now) {
    const auto from = range.from ? std::optional(calendar.start_of(*range.from)) : first;
    if (!from) return {};
    return periods_between(calendar, *from, range.to ? calendar.start_of(*range.to) : now);
}

void add_plan(const MeasureView& view, std::vector<SeriesRow>& rows) {
    for (SeriesRow& row : rows)
        for (const auto& point : view.assessment.track)
            if (point.at.label == row.label) {
                row.expected = point.expected;
                row.figure.value = point.at.figure.value;  // a provisional one is completed
                row.figure.completeness = point.at.figure.completeness;
            }
    for (SeriesRow& row : rows) {
        const auto limits = view.assessment.limits(row.figure.denominator);
        if (!limits) continue;
        row.lower = limits->lower;
        row.upper = limits->upper;
    }
}

/// When alerts would have gone out over the measure's history, reminders not counted.
void print_tellings(const MeasureView& view, const config::Configuration& configuration) {
    const Calendar days(configuration.zone, PeriodLength::day);
    mappings::AlertInput input;
    int told = 0, settled = 0;
    std::optional<Instant> first;
    for (const auto& point : view.assessment.track) {
        if (!point.at.figure.settled) continue;
        ++settled;
        input.now = point.at.period.end + configuration.settle;
        input.standing = point.status == mappings::PotentialStatus::unknown ? mappings::Standing::silent
                                                                            : standing_of(point.status);
        const auto decision = mappings::decide(input);
        input.before = decision.after;
        if (decision.action != mappings::AlertAction::notify &&
            decision.action != mappings::AlertAction::escalate)
            continue;
        ++told;
        if (!first) first = input.now;
    }
    if (settled == 0) return;
    const std::string_view unit = mappings::name_of(view.plan->measure->period);
    const std::string span = fmt::format("{} {}{}", settled, unit, settled == 1 ? "" : "s");
    if (told == 0)
        fmt::print("{}: would have told you nothing in {}\n\n", view.plan->measure->id, span);
    else
        fmt::print("{}: would have told you {} time{} in {}, {}on {}\n\n", view.plan->measure->id, told,
                   told == 1 ? "" : "s", span, told == 1 ? "" : "the first ",
                   mappings::spoken_day(days.day_of(*first)));
}

}  // namespace

int show_series(Invocation& invocation, const SeriesRequest& request) {
    Portfolio& portfolio = *invocation.portfolio;
    const auto range = parse_range(request.from, request.to);
    if (!range) return exit_usage;
    const auto store = open_sqlite_store(portfolio.configuration().store, StoreMode::read);
    store->use_attributes(portfolio.schemas());
    std::optional<std::vector<MeasureView>> views;
    const mappings::IndicatorDefinition* indicator = nullptr;
    std::size_t series = 0;
    std::optional<std::size_t> lower;
    PeriodLength length = PeriodLength::month;
    if (!request.measure.empty()) {
        views = views_of(invocation, *store, request.measure);
        if (!views) return exit_usage;
        const MeasurePlan& plan = *views->front().plan;
        indicator = plan.indicator;
        series = plan.series;
        lower = plan.lower;
        length = plan.measure->period;
    } else {
        indicator = portfolio.indicator(request.indicator);
        if (indicator == nullptr) {
            std::vector<std::string> names;
            for (const auto& known : portfolio.configuration().indicators) names.push_back(known.name);
            fmt::print(stderr, "no indicator \"{}\"{}\n", request.indicator,
                       did_you_mean(request.indicator, names));
            return exit_usage;
        }
    }
    if (!request.period.empty()) {
        const auto named = period_named(request.period);
        if (!named) {
            fmt::print(stderr, "--period is day, week, month or quarter\n");
            return exit_usage;
        }
        length = *named;
    }
    if (request.measure.empty() || (views && length != views->front().plan->measure->period)) {
        const auto where =
            views ? std::optional(views->front().plan->measure->where) : parse_where(request.where);
        if (!where) return exit_usage;
        const std::size_t of_measures = portfolio.set().series_count();
        Problems problems;
        const auto added = portfolio.add_series(*indicator, *where, length, problems);
        for (const Problem& problem : problems) fmt::print(stderr, "--where: {}\n", problem.text);
        if (!added) return exit_usage;
        series = added->first;
        lower = added->second;
        if (indicator->form == mappings::Form::snapshot && series >= of_measures)
            fmt::print(
                stderr,
                "warning: {} is a snapshot: it is taken only for what a measure uses, and none uses it "
                "by {} in this scope\n",
                indicator->name, mappings::name_of(length));
        views.reset();
    }
    FigureBook figures(portfolio, *store, invocation.clock);
    const Calendar calendar(portfolio.configuration().zone, length);
    const Instant known = read_until(*indicator, portfolio, *store, invocation.now);
    std::vector<SeriesRow> rows;
    for (const Period& period : chosen_periods(*range, calendar, figures.of(series).first_period(), known)) {
        rows.push_back(
            {period, calendar.label(period), figures.figure(series, lower, period, known), {}, {}, {}});
    }
    if (views) add_plan(views->front(), rows);
    if (const auto trouble = CurrencyBook(portfolio, *store).of(series))
        fmt::print(stderr, "warning: {}\n", trouble->text);
    if (invocation.json)
        print_json(rows, *indicator);
    else
        print_table(rows, *indicator, request.csv);
    return exit_done;
}

int show_replay(Invocation& invocation, const std::string& measure, const std::string& from,
                const std::string& to) {
    Portfolio& portfolio = *invocation.portfolio;
    const auto range = parse_range(from, to);
    if (!range) return exit_usage;
    const auto store = open_sqlite_store(portfolio.configuration().store, StoreMode::read);
    store->use_attributes(portfolio.schemas());
    const auto views = views_of(invocation, *store, measure);
    if (!views) return exit_usage;
    for (const MeasureView& view : *views) {
        const Calendar calendar(portfolio.configuration().zone, view.plan->measure->period);
        for (const auto& point : view.assessment.track) {
            const Period& period = point.at.period;
            if (!point.at.figure.settled || (range->from && period.end <= calendar.start_of(*range->from)) ||
                (range->to && period.begin > calendar.start_of(*range->to)))
                continue;
            if (!invocation.json) {
                fmt::print("{:<16}{:<12}{:>12}{:>10}{:>10}  {}\n", view.plan->measure->id, point.at.label,
                           point.at.figure.value ? fmt::format("{:.5g}", *point.at.figure.value) : "-",
                           point.realised ? fmt::format("{:.0f} %", *point.realised * 100) : "-",
                           point.p_deliver ? fmt::format("{:.0f} %", *point.p_deliver * 100) : "-",
                           name_of(point.status));
                continue;
            }
            Json json;
            json.object();
            json.key("measure").text(view.plan->measure->id);
            json.key("period").text(point.at.label);
            json.key("value").number(point.at.figure.value);
            json.key("numerator").number(shown_numerator(*view.plan->indicator, point.at.figure));
            json.key("denominator").number(shown_denominator(*view.plan->indicator, point.at.figure));
            json.key("realised").number(point.realised);
            json.key("p_deliver").number(point.p_deliver);
            json.key("potential_status").text(name_of(point.status));
            json.end_object();
            fmt::print("{}\n", json.str());
        }
        if (!invocation.json) print_tellings(view, portfolio.configuration());
    }
    return exit_done;
}

}  // namespace baselined::daemon
