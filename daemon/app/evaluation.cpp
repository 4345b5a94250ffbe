#include "daemon/app/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/app/baselines.hpp"
#include "daemon/app/outage.hpp"
#include "daemon/app/own_milestones.hpp"
#include "daemon/app/young_figures.hpp"

namespace baselined::daemon {

namespace {

using mappings::Calendar;
using mappings::Period;
using mappings::PeriodFigure;
using mappings::Reason;

class Evaluation {
  public:
    Evaluation(Portfolio& portfolio, Store& store, Books& books, Instant now)
        : portfolio_(portfolio),
          store_(store),
          books_(books),
          figures_(books.figures),
          young_(portfolio, store, books.figures, now),
          now_(now),
          portfolio_calendar_(portfolio.configuration().zone, mappings::PeriodLength::day) {
        for (StreamPlan& stream : portfolio.streams()) lacks_.emplace(&stream, file_lacks(stream, store));
    }

    MeasureView run(const MeasurePlan& plan) {
        const mappings::MeasureDefinition& measure = *plan.measure;
        const Calendar calendar(portfolio_.configuration().zone, measure.period);
        MeasureView view;
        view.plan = &plan;
        mappings::AssessmentInput input;
        input.measure = &measure;
        input.indicator = plan.indicator;
        input.calendar = &calendar;
        input.now = now_;
        input.actions = books_.items.of(Kind::action, measure.id);
        input.findings = books_.items.of(Kind::finding, measure.id);
        input.milestones = books_.items.of(Kind::milestone, measure.id);
        std::vector<Reason> notes;
        look_at_data(plan, view, input.causes);
        look_at_baseline(plan, calendar, view, input, notes);
        look_at_currencies(plan, input.causes, notes);
        follow(plan, calendar, view, input);
        input.adoption = adoption(plan, calendar, input.first);
        view.assessment = mappings::assess(input);
        auto& reasons = view.assessment.reasons;
        reasons.insert(reasons.end(), notes.begin(), notes.end());
        const auto& work = view.assessment.work_reasons;
        reasons.insert(reasons.end(), work.begin(), work.end());
        return view;
    }

  private:
    void look_at_data(const MeasurePlan& plan, MeasureView& view, std::vector<Reason>& causes) {
        const auto feeding = portfolio_.feeding(plan.kinds);
        const auto unfed = portfolio_.unfed_kind(*plan.indicator);
        view.data.fresh = !unfed;
        if (unfed)
            causes.push_back(
                {"no_data", fmt::format("No stream brings the {} records that this measure is made from.",
                                        mappings::name_of(*unfed))});
        for (const StreamPlan* stream : feeding) {
            const StoredStream stored = store_.stream(stream->source->name, stream->stream->name);
            const std::string name = stream->source->name + "/" + stream->stream->name;
            const std::string error = error_of(stored, store_);
            if (!stored.complete_at) {
                causes.push_back({"no_data", fmt::format("{} has not been read to its end yet{}.", name,
                                                         error.empty() ? "" : ": " + error)});
                view.data.fresh = false;
                continue;
            }
            look_at_lacks(plan, *stream, name, causes);
            if (!view.data.last_read_at || *stored.complete_at < *view.data.last_read_at)
                view.data.last_read_at = stored.complete_at;
            const auto newest = last_record(stored.id);
            if (newest && (!view.data.last_record_at || *newest > *view.data.last_record_at))
                view.data.last_record_at = newest;
            if (*stored.complete_at + stream->source->stale_after >= now_) continue;
            causes.push_back({"stale", fmt::format("{} is silent: last read to its end at {}{}.", name,
                                                   mappings::format_rfc3339(*stored.complete_at),
                                                   error.empty() ? "" : "; " + error)});
            view.data.fresh = false;
        }
    }

    void look_at_lacks(const MeasurePlan& plan, const StreamPlan& stream, const std::string& name,
                       std::vector<Reason>& causes) const {
        const FileLacks& lacks = lacks_.at(&stream);
        if (const std::string text = lacks_of(plan, lacks, FileLack::Of::columns); !text.empty())
            causes.push_back({"column_missing", fmt::format("{}: {}.", name, text)});
        if (const std::string text = lacks_of(plan, lacks, FileLack::Of::values); !text.empty())
            causes.push_back(
                {"values_misfit", fmt::format("{}: {}: mend the mapping, or export the file again in the "
                                              "form that the mapping takes.",
                                              name, text)});
    }

    std::optional<Instant> last_record(StreamId stream) {
        auto [known, is_new] = last_records_.try_emplace(stream);
        if (is_new) known->second = store_.last_record_at(stream);
        return known->second;
    }

    void look_at_baseline(const MeasurePlan& plan, const Calendar& calendar, MeasureView& view,
                          mappings::AssessmentInput& input, std::vector<Reason>& notes) {
        const auto& definition = plan.measure->baseline;
        view.frozen = store_.baseline(plan.measure->id);
        const auto frozen = view.frozen ? std::optional(frozen_baseline(*view.frozen)) : std::nullopt;
        if (frozen &&
            (view.frozen->definition != plan.definition || frozen->zones.value_or(plan.zones) != plan.zones))
            input.causes.push_back(
                {"definition_changed",
                 "The indicator, its scope, window, target, mapping or time zone, or the streams that bring "
                 "its records, changed since the baseline was frozen; the figures cannot be compared until "
                 "somebody accepts the new definition."});
        const auto window = window_periods(definition, calendar);
        if (definition.value) {
            view.baseline.value = definition.value;
            view.baseline.denominator = *definition.n;
            view.baseline.numerator = *definition.value * *definition.n;
        } else if (frozen) {
            view.baseline = frozen->reported;
            view.digest = frozen->digest;
            input.baseline_periods = frozen->periods;
            note_drift(plan, window, *frozen, notes);
        } else if (!portfolio_.unfed_kind(*plan.indicator)) {
            view.baseline = figures_.pooled(plan.series, plan.lower, window, now_);
        }
        input.is_frozen = view.frozen.has_value();
        if (!input.is_frozen)
            input.causes.push_back(why_open(plan, portfolio_, store_, lacks_, figures_, now_));
        input.baseline = view.baseline;
        const Instant known = read_until(*plan.indicator, portfolio_, store_, now_);
        for (std::size_t i = 0; i < window.size(); ++i)
            view.baseline_periods.push_back(
                {calendar.label(window[i]),
                 i < input.baseline_periods.size()
                     ? input.baseline_periods[i]
                     : figures_.figure(plan.series, plan.lower, window[i], known)});
        if (!window.empty()) note_late_data(plan, calendar, window.front().begin, notes);
    }

    /// Amounts of several currencies make no sum.
    void look_at_currencies(const MeasurePlan& plan, std::vector<Reason>& causes,
                            std::vector<Reason>& notes) {
        const auto& trouble = books_.currencies.of(plan.series);
        if (!trouble) return;
        auto& reasons = trouble->is_mixed ? causes : notes;
        reasons.push_back({trouble->is_mixed ? "mixed_currencies" : "other_currency", trouble->text});
    }

    /// A baseline, or the look-back of its recurrences, that begins before the data does says too little.
    void note_late_data(const MeasurePlan& plan, const Calendar& calendar, Instant begin,
                        std::vector<Reason>& notes) {
        const Instant needed = begin - mappings::look_back(*plan.indicator);
        for (const StreamPlan* stream : portfolio_.feeding(plan.kinds))
            if (stream->source->since && portfolio_calendar_.start_of(*stream->source->since) > needed)
                return notes.push_back(
                    {"baseline_before_data",
                     fmt::format(
                         "The baseline needs data from {} on{}; {} is read from {} on: set `since` earlier.",
                         day_of(needed), look_back_text(*plan.indicator), stream->source->name,
                         day_of(portfolio_calendar_.start_of(*stream->source->since)))});
        const auto first = figures_.of(plan.series).first_period();
        if (!first || needed >= calendar.containing(*first).begin) return;
        notes.push_back(
            {"baseline_before_data",
             fmt::format(
                 "The baseline needs data from {} on{}; the first record is of the period that begins "
                 "on {}.",
                 day_of(needed), look_back_text(*plan.indicator), day_of(*first))});
    }

    [[nodiscard]] std::string day_of(Instant at) const {
        return portfolio_calendar_.label(portfolio_calendar_.containing(at));
    }
    static std::string look_back_text(const mappings::IndicatorDefinition& indicator) {
        const auto days = std::chrono::duration_cast<date::days>(mappings::look_back(indicator)).count();
        return days > 0 ? fmt::format(" (it looks {} days back for what recurs)", days) : std::string{};
    }

    static std::string value_text(const PeriodFigure& figure) {
        return figure.value ? fmt::format("{:.6g}", *figure.value) : "no value";
    }

    void note_drift(const MeasurePlan& plan, const std::vector<Period>& window, const FrozenBaseline& frozen,
                    std::vector<Reason>& notes) {
        if (plan.indicator->form == mappings::Form::snapshot) return;  // its figures are kept, whatever comes
        if (records_digest(figures_, plan.series, window) == frozen.digest) return;
        const PeriodFigure today = figures_.pooled(plan.series, plan.lower, window, now_);
        notes.push_back(
            {"baseline_drift", fmt::format("Records behind the frozen baseline changed since: it was {}, "
                                           "they would make {} now. The frozen value stands.",
                                           value_text(frozen.reported), value_text(today))});
    }

    void follow(const MeasurePlan& plan, const Calendar& calendar, MeasureView& view,
                mappings::AssessmentInput& input) {
        const auto begin = track_begin(plan, calendar);
        const bool is_of_empty_fields =
            std::any_of(input.causes.begin(), input.causes.end(), [](const Reason& cause) {
                return cause.code == "column_missing" || cause.code == "values_misfit";
            });
        if (!begin || is_of_empty_fields) return;  // what is made of empty fields is no figure, and no saving
        Period period = calendar.containing(*begin);
        if (period.begin < *begin) period = calendar.after(period);
        input.first = period;
        const Instant known = read_until(*plan.indicator, portfolio_, store_, now_);
        for (; period.begin <= known; period = calendar.after(period)) {
            mappings::TrackPeriod at{period, calendar.label(period),
                                     figures_.figure(plan.series, plan.lower, period, known)};
            if (at.figure.settled)
                view.actual = at;
            else
                at.figure = young_.completed(plan, at.period, at.figure, known);
            input.track.push_back(std::move(at));
        }
    }

    /// Without target.from, what follows the baseline counts.
    std::optional<Instant> track_begin(const MeasurePlan& plan, const Calendar& calendar) {
        const auto& measure = *plan.measure;
        if (measure.target.from) return calendar.start_of(*measure.target.from);
        if (measure.baseline.to) return calendar.end_of(*measure.baseline.to);
        return figures_.of(plan.series).first_period();
    }

    /// What was known when it was last measured holds until it is measured again.
    std::optional<mappings::AdoptionFigure> adoption(const MeasurePlan& plan, const Calendar& calendar,
                                                     const std::optional<Period>& first) {
        if (!plan.adoption) return std::nullopt;
        const auto& indicator = *portfolio_.indicator(plan.measure->signals.adoption->indicator.text);
        const auto settle = portfolio_.configuration().settle;
        const Period newest = calendar.before(calendar.containing(now_ - settle));
        const bool has_begun = first && first->begin <= newest.begin;
        const Instant known = read_until(indicator, portfolio_, store_, now_);
        for (Period period = newest; period == newest || (has_begun && period.begin >= first->begin);
             period = calendar.before(period)) {
            if (period.end + settle > known) continue;
            const auto figure = figures_.figure(*plan.adoption, plan.adoption_lower, period, known);
            if (figure.value)
                return mappings::AdoptionFigure{figure.value, calendar.label(period), period == newest,
                                                unit_text(indicator)};
        }
        if (!has_begun) return std::nullopt;
        return mappings::AdoptionFigure{{}, {}, false, unit_text(indicator)};
    }

    Portfolio& portfolio_;
    Store& store_;
    Books& books_;
    FigureBook& figures_;
    YoungFigures young_;
    Instant now_;
    Calendar portfolio_calendar_;
    std::map<StreamId, std::optional<Instant>> last_records_;
    Lacks lacks_;
};

}  // namespace

std::vector<MeasureView> evaluate(Portfolio& portfolio, Store& store, Books& books, Instant now) {
    Evaluation evaluation(portfolio, store, books, now);
    std::vector<MeasureView> views;
    for (const MeasurePlan& plan : portfolio.measures()) views.push_back(evaluation.run(plan));
    return views;
}

std::vector<StatusTurn> remember_statuses(const std::vector<MeasureView>& views, Store& store, Instant now) {
    std::vector<StatusTurn> turns;
    for (const MeasureView& view : views) {
        const std::string potential(name_of(view.assessment.potential)),
            implementation(name_of(view.assessment.implementation));
        const auto last = store.last_status(view.plan->measure->id);
        if (last && last->potential == potential && last->implementation == implementation) continue;
        store.add_status({view.plan->measure->id, now, potential, implementation});
        if (!last || last->potential != potential)
            turns.push_back({view.plan->measure->id, last ? last->potential : "", potential});
    }
    return turns;
}

std::vector<Period> periods_between(const Calendar& calendar, Instant from, Instant to) {
    std::vector<Period> periods;
    for (Period period = calendar.containing(from); period.begin <= to; period = calendar.after(period))
        periods.push_back(period);
    return periods;
}

}  // namespace baselined::daemon
