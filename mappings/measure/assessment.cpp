#include "mappings/measure/assessment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "mappings/measure/governance.hpp"

namespace baselined::mappings {

namespace {

constexpr double weakening_at = 0.20, clear_at = 0.50;
constexpr int fewest_periods = 3;

class Assessing {
  public:
    explicit Assessing(const AssessmentInput& input)
        : in_(input), measure_(*input.measure), is_higher_(input.indicator->better == Better::higher) {}

    Assessment run() {
        Implementation work =
            implementation_of(measure_, in_.actions, in_.milestones, *in_.calendar, in_.now);
        out_.implementation = work.status;
        out_.work_reasons = std::move(work.reasons);
        out_.reasons = in_.causes;
        rule_ = rule_of(*in_.indicator);
        if (!rule_)
            cause("not_measurable",
                  "A count of which more is better cannot be scored: take a share or a mean instead.");
        find_target_period();
        out_.is_due_past = out_.due && in_.calendar->end_of(*out_.due) <= in_.now;
        if (rule_ && in_.is_frozen) score();
        if (out_.reasons.empty()) out_.potential = state_;
        if (const auto& causes = in_.causes;
            std::any_of(causes.begin(), causes.end(),
                        [](const Reason& cause) { return cause.code == "definition_changed"; }))
            withhold();
        govern();
        return std::move(out_);
    }

  private:
    void cause(const char* code, std::string text) { out_.reasons.push_back({code, std::move(text)}); }

    /// Of a promise that nobody has accepted, held against the baseline of another, only what method.md gives
    /// "whatever the status" is said: realised and p_deliver.
    void withhold() {
        out_.is_comparable = false;
        out_.saving.reset();
        out_.forecast.reset();
        out_.fan.clear();
        out_.sentence.clear();
        explanations_.clear();
    }

    [[nodiscard]] bool mirrors() const { return is_higher_ && *rule_ != Rule::count; }

    void score() {
        baseline_ = measure_.baseline.value ? stated_baseline(*rule_, is_higher_, *measure_.baseline.value,
                                                              measure_.baseline.n.value_or(1))
                                            : baseline_of(*rule_, is_higher_, in_.baseline_periods);
        if (baseline_ && counts_once_a_period(in_.indicator->form)) baseline_->mean_n = 1;
        out_.baseline = baseline_;
        out_.is_mirrored = mirrors();
        if (!baseline_ || !in_.baseline.value)
            return cause("no_baseline", "No period of the baseline's window has a value.");
        out_.reduction = reduction_of(measure_.target, *in_.baseline.value, *rule_, is_higher_);
        if (!out_.reduction || *out_.reduction <= 0 || *out_.reduction >= 1)
            return cause("not_measurable", "The target is no reduction between 0 and 100 % of the baseline.");
        planned_.emplace(*rule_, mirrors(), *in_.baseline.value, *out_.reduction, measure_.target.ramp);
        out_.target = planned_->target();
        if (*rule_ == Rule::measurement && baseline_->periods < 2)
            return cause("not_measurable",
                         "A measurement needs a baseline of two periods or more, to know how much it varies "
                         "by itself.");
        const double j = measurability(*baseline_, *out_.reduction);
        if (j < least_measurability)
            cause("not_measurable",
                  fmt::format(
                      "Each period has too few cases to tell the promised change from chance (J = {:.2f}, "
                      "{} is needed): use longer periods or a wider scope.",
                      j, least_measurability));
        run_filter();
        count_money();
    }

    void find_target_period() {
        last_t_ = measure_.target.ramp;
        out_.due = measure_.target.by;
        if (!in_.first) return;
        Period period = *in_.first;
        if (!measure_.target.by) {
            for (int t = 1; t < last_t_; ++t) period = in_.calendar->after(period);
            out_.due = in_.calendar->day_of(period.end) - date::days{1};
            return;
        }
        const Period target = in_.calendar->containing_day(*measure_.target.by);
        for (last_t_ = 1; period.begin < target.begin; ++last_t_) period = in_.calendar->after(period);
    }

    void run_filter() {
        RealisationFilter filter(*baseline_, *out_.reduction, months_of(in_.calendar->length()));
        int t = 0;
        for (const TrackPeriod& at : in_.track) {
            ++t;
            TrackPoint point{at, planned_->value(t), {}, {}, PotentialStatus::unknown};
            if (at.figure.settled) step(filter, t, point);
            out_.track.push_back(std::move(point));
        }
        if (values_ < fewest_periods)
            cause("too_few_periods",
                  fmt::format("{} settled period{} since the measure began ha{} a value; {} are needed.",
                              values_, values_ == 1 ? "" : "s", values_ == 1 ? "s" : "ve", fewest_periods));
        landing_ = filter.landing(std::max(0, last_t_ - settled_t_));
        if (values_ > 0) conclude(filter);
    }

    void step(RealisationFilter& filter, int t, TrackPoint& point) {
        filter.predict();
        settled_t_ = t;
        PeriodFigure figure = point.at.figure;
        if (mirrors()) mirror(figure);
        if (has_value(*rule_, point.at.figure)) {
            ++values_;
            newest_n_ = figure.denominator;
            filter.update(figure, planned_->share(t));
        }
        if (values_ == 0) return;
        const Landing landing = filter.landing(std::max(0, last_t_ - t));
        point.realised = filter.state().theta;
        point.p_deliver = landing.p_deliver;
        move_status(landing);
        if (is_scored()) point.status = state_;
    }

    /// Data that is silent today says nothing against what was known when an earlier period had settled.
    [[nodiscard]] bool is_scored() const {
        return std::all_of(out_.reasons.begin(), out_.reasons.end(),
                           [](const Reason& reason) { return reason.code == "stale"; });
    }

    void mirror(PeriodFigure& figure) const {
        if (*rule_ == Rule::share) figure.numerator = figure.denominator - figure.numerator;
        if (figure.value && (*rule_ == Rule::share || *figure.value > 0))
            figure.value = mirrored(*rule_, *figure.value);
    }

    /// Weakening begins at 20 % and ends at 50 %, so that a status does not flap.
    void move_status(const Landing& landing) {
        if (values_ < fewest_periods) return;
        if (state_ == PotentialStatus::unknown) state_ = PotentialStatus::on_track;
        if (landing.p_deliver <= weakening_at && state_ == PotentialStatus::on_track)
            state_ = PotentialStatus::weakening;
        if (landing.p_deliver >= clear_at) state_ = PotentialStatus::on_track;
        if (state_ != PotentialStatus::on_track)
            state_ =
                landing.upper() < tolerated_share ? PotentialStatus::off_track : PotentialStatus::weakening;
    }

    void conclude(const RealisationFilter& filter) {
        const int ahead = std::max(0, last_t_ - settled_t_);
        out_.realised = filter.state().theta;
        out_.drift = filter.state().b;
        out_.p_deliver = landing_.p_deliver;
        out_.forecast = forecast_point(filter, ahead, 1, "");
        Period period = out_.track[static_cast<std::size_t>(settled_t_ - 1)].at.period;
        for (int step = 1; step <= ahead; ++step) {
            period = in_.calendar->after(period);
            out_.fan.push_back(forecast_point(filter, step, planned_->share(settled_t_ + step),
                                              in_.calendar->label(period)));
        }
        write_sentence();
        if (state_ == PotentialStatus::weakening || state_ == PotentialStatus::off_track)
            cause_after(out_.realised < 0.8 ? "realisation_low" : "realisation_fading", out_.sentence);
    }

    /// A reason that explains a status, unlike a cause, does not make it unknown.
    void cause_after(const char* code, std::string text) { explanations_.push_back({code, std::move(text)}); }

    [[nodiscard]] ForecastPoint forecast_point(const RealisationFilter& filter, int ahead, double plan,
                                               std::string label) const {
        const Interval at = filter.forecast(ahead, plan, newest_n_);
        ForecastPoint point{std::move(label), planned_->own(at.value), planned_->own(at.low),
                            planned_->own(at.high)};
        if (point.low > point.high) std::swap(point.low, point.high);
        return point;
    }

    void write_sentence() {
        const double drift = std::round(*out_.drift * 100) + 0.0;  // + 0.0: never "-0"
        const char* unit[]{"day", "week", "month", "quarter"};
        out_.sentence = fmt::format(
            "Delivering {} of the planned reduction, drifting {} point{} a {}; {} chance that at least 80 % "
            "of the expected saving stands{}{}.",
            percent(*out_.realised), drift == 0 ? "0" : fmt::format("{:+.0f}", drift),
            std::abs(drift) == 1 ? "" : "s", unit[static_cast<std::size_t>(in_.calendar->length())],
            percent(*out_.p_deliver),
            !out_.due          ? ""
            : out_.is_due_past ? "; it was due by "
                               : " by ",
            out_.due ? spoken_day(*out_.due) : "");
    }

    void count_money() {
        if (!measure_.unit_value) return;
        SavingInput input{
            &measure_, in_.indicator,        &*planned_, *rule_,        *in_.baseline.value, *baseline_,
            {},        in_.baseline_periods, last_t_,    landing_.level};
        for (int t = 1; t <= settled_t_; ++t)
            input.settled.push_back(out_.track[static_cast<std::size_t>(t - 1)].at.figure);
        out_.saving = saving_of(input);
        if (!is_actual_evident(in_)) out_.saving->actual = out_.saving->actual_se = std::nullopt;
    }

    // Governance: raises on_track to weakening, never hides a statistical finding, and is told apart from it.
    void govern() {
        out_.reasons.insert(out_.reasons.end(), explanations_.begin(), explanations_.end());
        const auto governance = governance_reasons(in_);
        out_.reasons.insert(out_.reasons.end(), governance.begin(), governance.end());
        const auto notes = governance_notes(in_);
        out_.reasons.insert(out_.reasons.end(), notes.begin(), notes.end());
        if (!governance.empty() && out_.potential == PotentialStatus::on_track)
            out_.potential = PotentialStatus::weakening;
    }

    const AssessmentInput& in_;
    const MeasureDefinition& measure_;
    bool is_higher_;
    std::optional<Rule> rule_;
    std::optional<Baseline> baseline_;
    std::optional<PlannedValues> planned_;
    Assessment out_;
    PotentialStatus state_ = PotentialStatus::unknown;
    std::vector<Reason> explanations_;
    int last_t_ = 1, settled_t_ = 0, values_ = 0;
    double newest_n_ = 0;
    Landing landing_;  ///< before the first value: on plan, as the filter begins
};

}  // namespace

std::string_view name_of(PotentialStatus status) {
    constexpr std::array<std::string_view, 4> names{"on_track", "weakening", "off_track", "unknown"};
    return names[static_cast<std::size_t>(status)];
}

std::string_view name_of(ImplementationStatus status) {
    constexpr std::array<std::string_view, 5> names{"on_track", "delayed", "blocked", "done", "unknown"};
    return names[static_cast<std::size_t>(status)];
}

double months_of(PeriodLength length) {
    constexpr double days_a_month = 30.436875;
    switch (length) {
        case PeriodLength::day:
            return 1 / days_a_month;
        case PeriodLength::week:
            return 7 / days_a_month;
        case PeriodLength::month:
            return 1;
        case PeriodLength::quarter:
            return 3;
    }
    return 1;
}

std::optional<Rule> rule_of(const IndicatorDefinition& indicator) {
    switch (indicator.form) {
        case Form::share:
        case Form::snapshot:
        case Form::uptime:  // hours up of the period's hours
            return Rule::share;
        case Form::count:
        case Form::backlog:
        case Form::ratio:
            return indicator.better == Better::higher ? std::nullopt : std::make_optional(Rule::count);
        default:
            return Rule::measurement;
    }
}

std::optional<double> reduction_of(const TargetDefinition& target, double baseline, Rule rule,
                                   bool is_higher_better) {
    if (!target.value && !target.change) return std::nullopt;
    const double aim = target.value ? *target.value : baseline * (1 + *target.change);
    if (!is_higher_better || rule == Rule::count)
        return baseline > 0 ? std::make_optional(1 - aim / baseline) : std::nullopt;
    if (rule == Rule::share)
        return baseline < 1 ? std::make_optional(1 - (1 - aim) / (1 - baseline)) : std::nullopt;
    return aim > 0 ? std::make_optional(1 - baseline / aim) : std::nullopt;
}

std::optional<double> Assessment::money_at_risk() const {
    if (!saving) return std::nullopt;
    return std::max(0.0, saving->target - saving->by_target);
}

std::optional<Limits> Assessment::limits(double n) const {
    auto limits = baseline ? process_limits(*baseline, n) : std::nullopt;
    if (limits && is_mirrored)
        limits = Limits{mirrored(baseline->rule, limits->upper), mirrored(baseline->rule, limits->lower)};
    return limits;
}

Assessment assess(const AssessmentInput& input) {
    return Assessing(input).run();
}

}  // namespace baselined::mappings
