// `explain`: from the figure through the rule to the records behind it, by number and link.
#include <fmt/format.h>

#include "daemon/cli/commands.hpp"
#include "daemon/cli/json.hpp"
#include "daemon/cli/measure_json.hpp"
#include "daemon/report/figure_text.hpp"
#include "mappings/indicator/rule_text.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

using mappings::one_line;

void write_records(Json& json, const std::vector<CountedRecord>& records) {
    json.array();
    for (const CountedRecord& record : records) {
        json.object();
        json.key("number").text(record.number);
        json.key("url").optional_text(record.url);
        json.key("title").optional_text(record.title);
        json.key("at").instant(record.at);
        json.key("counted").boolean(record.hit);
        json.key("amount").number(record.amount);
        json.end_object();
    }
    json.end_array();
}

std::string definition_text(const mappings::IndicatorDefinition& indicator) {
    return fmt::format("{}@{} ({}): {}", indicator.name, indicator.version, indicator.title,
                       mappings::rule_text(indicator));
}

/// The whole way from records to the figure: the definition, the other one of a ratio, the measure's scope.
std::string rule_of_plan(const Portfolio& portfolio, const MeasurePlan& plan) {
    std::string text = definition_text(*plan.indicator);
    if (plan.indicator->over) {
        const std::string& name = plan.indicator->over->text;
        const auto* over = portfolio.indicator(name);
        text += "; over " + (over != nullptr ? definition_text(*over) : name);
    }
    const auto& where = plan.measure->where;
    if (!where.is_always_true()) text += "; of these only where " + mappings::rule_text(where);
    return text;
}

/// A line for each part of a rule.
std::string on_lines(std::string rule) {
    for (std::size_t at = rule.find("; "); at != std::string::npos; at = rule.find("; ", at))
        rule.replace(at, 2, "\n  ");
    return rule;
}

/// " (28 of 100)"; nothing where a figure has no two parts.
std::string parts_text(const mappings::IndicatorDefinition& indicator, const mappings::PeriodFigure& figure) {
    using mappings::Form;
    const auto upper = shown_numerator(indicator, figure), lower = shown_denominator(indicator, figure);
    const bool sums_spans =
        (indicator.form == Form::mean || indicator.form == Form::age) && indicator.of.from.has_value();
    if (upper && lower && sums_spans)
        return fmt::format(" ({:.6g} hours over {:.6g} record{})", *upper, *lower, *lower == 1 ? "" : "s");
    if (upper && lower) return fmt::format(" ({:.6g} of {:.6g})", *upper, *lower);
    return lower ? fmt::format(" (of {:.6g})", *lower) : std::string{};
}

/// Of a figure in hours or days what its money is counted by; empty: of another, or one without money.
std::string worth_text(const MeasurePlan& plan) {
    using mappings::Unit;
    constexpr double hours_a_day = 24;
    const Unit unit = plan.indicator->unit;
    const auto& amount = plan.measure->unit_value;
    const std::string& currency = plan.measure->currency;
    if (!amount || (unit != Unit::hours && unit != Unit::days)) return {};
    std::string text = fmt::format("unit_value is {} per hour", figure_text(*amount, currency));
    if (unit == Unit::days)
        text += fmt::format(", so {} per day", figure_text(*amount * hours_a_day, currency));
    return text;
}

/// What is said of a figure that its records need not add up to, or that nobody may judge by yet; empty: they
/// do, and it is settled.
std::string note_of(const mappings::IndicatorDefinition& indicator, const mappings::Period& period,
                    Instant now, std::chrono::milliseconds settle) {
    if (period.begin > now) return "the period is to come";
    if (period.end > now) return "the period is running: the figure is what there is of it by now";
    if (indicator.form == mappings::Form::snapshot)
        return "the figure is kept as it was taken when the period ended; the records are those of today";
    if (period.end + settle > now)
        return "the period is not settled: late records may change the figure, which is of those known now";
    return {};
}

/// Numbers, titles and links are what the source says, a terminal's commands among it.
void print_records(const std::vector<CountedRecord>& records, bool is_share) {
    for (const CountedRecord& record : records)
        fmt::print("  {} {:<14} {}{}{}{}\n",
                   !is_share    ? " "
                   : record.hit ? "*"
                                : " ",
                   one_line(record.number), record.at ? mappings::format_rfc3339(*record.at) + "  " : "",
                   record.amount ? fmt::format("{:.4g}  ", *record.amount) : "", one_line(record.title),
                   record.url.empty() ? "" : "  " + one_line(record.url));
}

}  // namespace

int show_explanation(Invocation& invocation, const std::string& measure, const std::string& label) {
    Portfolio& portfolio = *invocation.portfolio;
    const auto store = open_sqlite_store(portfolio.configuration().store, StoreMode::read);
    store->use_attributes(portfolio.schemas());
    const auto views = views_of(invocation, *store, measure);
    if (!views) return exit_usage;
    const MeasureView& view = views->front();
    const MeasurePlan& plan = *view.plan;
    const mappings::Calendar calendar(portfolio.configuration().zone, plan.measure->period);
    const auto named = label.empty() ? std::nullopt : calendar.find(label);
    if (!label.empty() && !named) {
        fmt::print(stderr, "--period {}: this measure counts by {}, as {}\n", label,
                   name_of(calendar.length()), calendar.label(calendar.containing(invocation.now)));
        return exit_usage;
    }
    const mappings::Period period = named         ? *named
                                    : view.actual ? view.actual->period
                                                  : calendar.before(calendar.containing(invocation.now));
    FigureBook figures(portfolio, *store, invocation.clock);
    const auto figure = figures.figure(plan.series, plan.lower, period, invocation.now);
    const auto records = figures.records(plan.series, period);
    const std::string note =
        note_of(*plan.indicator, period, invocation.now, portfolio.configuration().settle);
    if (invocation.json) {
        Json json;
        json.object();
        json.key("measure").text(plan.measure->id);
        json.key("period").text(calendar.label(period));
        json.key("value").number(figure.value);
        json.key("numerator").number(shown_numerator(*plan.indicator, figure));
        json.key("denominator").number(shown_denominator(*plan.indicator, figure));
        json.key("definition").text(fmt::format("{}@{}", plan.indicator->name, plan.indicator->version));
        json.key("rule").text(rule_of_plan(portfolio, plan));
        json.key("note").optional_text(note);
        json.key("records");
        write_records(json, records);
        json.end_object();
        fmt::print("{}\n", json.str());
        return exit_done;
    }
    fmt::print("{} in {}: {}{}\n", plan.measure->id, calendar.label(period),
               figure.value ? figure_text(*figure.value, unit_text(*plan.indicator)) : "no value",
               parts_text(*plan.indicator, figure));
    if (!note.empty()) fmt::print("{}\n", note);
    if (const std::string worth = worth_text(plan); !worth.empty()) fmt::print("{}\n", worth);
    const bool has_hits =
        plan.indicator->form == mappings::Form::share || plan.indicator->form == mappings::Form::snapshot;
    fmt::print("{}\n{} record{}{}:\n", on_lines(rule_of_plan(portfolio, plan)), records.size(),
               records.size() == 1 ? "" : "s", has_hits ? ", * in the numerator" : "");
    print_records(records, has_hits);
    return exit_done;
}

}  // namespace baselined::daemon
