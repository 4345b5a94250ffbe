#include "daemon/app/empty_baseline.hpp"

#include <fmt/format.h>

#include "mappings/indicator/rule_text.hpp"

namespace baselined::daemon {

namespace {

using mappings::Calendar;
using mappings::Period;

/// Of what feeds a measure, for a sentence.
struct Feed {
    std::string names;    ///< "acme/incident, helpdesk/incidents"
    std::string preview;  ///< the command that shows what the first of them brings
    std::int64_t records = 0;
};

Feed feed_of(const MeasurePlan& plan, const Portfolio& portfolio, Store& store) {
    Feed feed;
    for (const StreamPlan* stream : portfolio.feeding(plan.kinds)) {
        const std::string &source = stream->source->name, &name = stream->stream->name;
        feed.names += (feed.names.empty() ? "" : ", ") + source + "/" + name;
        if (feed.preview.empty()) feed.preview = fmt::format("`baselined preview {} {}`", source, name);
        feed.records += store.counts(store.stream(source, name).id).records;
    }
    return feed;
}

/// What a record must be to count, in the words of the definition.
std::string rule_of(const MeasurePlan& plan) {
    std::string rule = mappings::rule_text(*plan.indicator);
    if (plan.indicator->over) rule += " over " + plan.indicator->over->text;
    const auto& where = plan.measure->where;
    return where.is_always_true() ? rule : rule + "; of these only where " + mappings::rule_text(where);
}

bool is_true_zero(const MeasurePlan& plan, const Period& window, FigureBook& figures, Instant now) {
    return figures.of(plan.series).first_period() && figures.has_kind_within(plan.series, window, now);
}

/// Records there are, `first` of them the earliest, and the window has none.
std::string outside_text(const MeasurePlan& plan, const Period& window, Instant first,
                         const date::time_zone* zone) {
    const Calendar days(zone, mappings::PeriodLength::day);
    const auto day = [&](Instant at) { return days.label(days.containing(at)); };
    const bool is_snapshot = plan.indicator->form == mappings::Form::snapshot;
    return fmt::format(
        "No {} the baseline's window ({} to {}), and of nothing no baseline is frozen; the "
        "first is of the period that begins on {}: {}.",
        is_snapshot ? "snapshot was taken in" : "record makes a figure in", day(window.begin),
        day(window.end - mappings::Millis{1}), day(first),
        is_snapshot ? "take a window after the first reading"
                    : "take another window, or have records of that time read (`since`, the "
                      "stream's query)");
}

}  // namespace

std::string nothing_behind(const MeasurePlan& plan, const std::vector<Period>& window,
                           const Portfolio& portfolio, Store& store, FigureBook& figures, Instant now) {
    if (window.empty()) return {};
    const bool has_records = figures.of(plan.series).digest(window) != 0;
    const bool has_value = figures.pooled(plan.series, plan.lower, window, now).value.has_value();
    const Period all{window.front().begin, window.back().end};
    if (has_value && (has_records || is_true_zero(plan, all, figures, now))) return {};

    const Feed feed = feed_of(plan, portfolio, store);
    if (!feed.names.empty() && feed.records == 0)
        return fmt::format(
            "{} brought no record yet, and no baseline is frozen of nothing: look at what the stream asks "
            "for and what the account may see ({} shows it).",
            feed.names, feed.preview);
    const auto upper = figures.of(plan.series).first_period();
    const auto lower = plan.lower ? figures.of(*plan.lower).first_period() : upper;
    if (upper && lower)
        return outside_text(plan, all, has_value ? *upper : *lower, portfolio.configuration().zone);
    return fmt::format(
        "{} brought {} record{}, and none of them counts ({}), so no baseline is frozen of them: compare the "
        "measure's `where` with what the records say{}.",
        feed.names.empty() ? "The measures" : feed.names, feed.records, feed.records == 1 ? "" : "s",
        rule_of(plan), feed.preview.empty() ? "" : " (" + feed.preview + " shows it)");
}

bool is_of_nothing(const FrozenBaseline& frozen) {
    if (frozen.checked || frozen.periods.empty()) return false;
    return !frozen.reported.value || frozen.digest.find_first_not_of('0') == std::string::npos;
}

}  // namespace baselined::daemon
