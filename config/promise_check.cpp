#include "config/promise_check.hpp"

#include <fmt/format.h>

#include <tuple>

#include "mappings/indicator/calendar.hpp"
#include "mappings/measure/assessment.hpp"

namespace baselined::config {

namespace {

using mappings::Calendar;
using mappings::format_day;
using mappings::IndicatorDefinition;
using mappings::MeasureDefinition;
using mappings::Period;

/// What is wrong with a value of the indicator; empty: nothing.
std::string fault_of(double value, const IndicatorDefinition& indicator) {
    if (!mappings::is_part_of_a_whole(indicator.form)) return {};
    constexpr double surely_percent = 2;  // 1.02 is rather a little too much than 1.02 %
    if (value >= surely_percent && value <= 100)
        return fmt::format("{} lies between 0 and 1, and {:g} is {:g} %: write {:g}% or {:g}", indicator.name,
                           value, value * 100, value, value / 100);
    if (value < 0 || value > 1)
        return fmt::format("{} lies between 0 and 1, not at {:g}", indicator.name, value);
    return {};
}

class PromiseCheck {
  public:
    PromiseCheck(const MeasureDefinition& measure, const IndicatorDefinition& indicator,
                 const date::time_zone* zone, Problems& problems)
        : measure_(measure),
          indicator_(indicator),
          is_higher_better_(indicator.better == mappings::Better::higher),
          calendar_(zone, measure.period),
          problems_(problems) {}

    void run() {
        const std::size_t before = problems_.size();
        check_values();
        check_direction();
        if (problems_.size() == before) check_reduction();
        check_window();
        check_dates();
    }

  private:
    void tell(const Mark& mark, std::string text) { problems_.push_back({mark, std::move(text)}); }

    [[nodiscard]] std::string_view better() const { return is_higher_better_ ? "more" : "less"; }

    void check_values() {
        const auto& [baseline, target] = std::tie(measure_.baseline, measure_.target);
        if (baseline.value)
            if (std::string fault = fault_of(*baseline.value, indicator_); !fault.empty())
                tell(baseline.mark, "the baseline's `value`: " + fault);
        if (!target.value) return;
        if (std::string fault = fault_of(*target.value, indicator_); !fault.empty())
            return tell(target.mark, "the target's `value`: " + fault);
        // Whatever the baseline is, this is all of the way.
        const bool is_whole = is_higher_better_
                                  ? mappings::is_part_of_a_whole(indicator_.form) && *target.value >= 1
                                  : *target.value <= 0;
        if (is_whole)
            tell(target.mark,
                 fmt::format("a target of {:g} is a reduction by 100 %, which cannot be scored: set "
                             "it a little {}",
                             *target.value, is_higher_better_ ? "lower" : "higher"));
    }

    /// A change for the worse promises nothing.
    void check_direction() {
        const auto& change = measure_.target.change;
        if (!change || (*change > 0) == is_higher_better_) return;
        tell(measure_.target.mark,
             fmt::format(
                 "the target's `change` of {:+g} % makes {} worse, of which {} is better: write {:+g}%",
                 *change * 100, indicator_.name, better(), *change * -100));
    }

    /// Of a stated baseline it is known before any record is.
    void check_reduction() {
        const auto& [value, target] = std::tie(measure_.baseline.value, measure_.target);
        const auto rule = mappings::rule_of(indicator_);
        if (!value || !rule || target.value.has_value() == target.change.has_value()) return;
        const auto reduction = mappings::reduction_of(target, *value, *rule, is_higher_better_);
        if (reduction && *reduction > 0 && *reduction < 1) return;
        const double aim = target.value ? *target.value : *value * (1 + *target.change);
        if (!reduction)
            tell(measure_.baseline.mark,
                 fmt::format("nothing can be taken off a baseline of {:g}: state another value", *value));
        else if (*reduction >= 1)
            tell(target.mark,
                 fmt::format("the target, {:g}, is a reduction of the baseline, {:g}, by 100 % or "
                             "more{}, which cannot be scored: promise less",
                             aim, *value, fault_of(aim, indicator_).empty() ? "" : " and beyond 1"));
        else
            tell(target.mark,
                 fmt::format("a target of {:g} is no better than the baseline of {:g}: of {} {} is better",
                             aim, *value, indicator_.name, better()));
    }

    void check_window() {
        const auto& baseline = measure_.baseline;
        if (!baseline.from || !baseline.to || *baseline.to < *baseline.from) return;
        const Period first = first_from(*baseline.from);
        if (first.end <= calendar_.end_of(*baseline.to)) return;
        tell(baseline.mark, fmt::format("no whole {} lies in the baseline's window: make it longer",
                                        mappings::name_of(measure_.period)));
    }

    void check_dates() {
        const auto& target = measure_.target;
        const auto& window_end = measure_.baseline.to;
        if (!target.by || (!target.from && !window_end) || (target.from && *target.by < *target.from)) return;
        const Period first = first_from(target.from ? *target.from : *window_end + date::days{1});
        if (calendar_.containing_day(*target.by).begin >= first.begin) return;
        tell(target.mark,
             fmt::format("the target's `by`, {}, lies before the first {} that counts, which begins on {}{}: "
                         "set {}",
                         format_day(*target.by), mappings::name_of(measure_.period),
                         format_day(calendar_.day_of(first.begin)),
                         target.from ? "" : ", after the baseline's window",
                         target.from ? "a later `by`, or shorter periods" : "`from`, or a later `by`"));
    }

    /// The first period that begins on that day or later.
    [[nodiscard]] Period first_from(mappings::Day day) const {
        const Period period = calendar_.containing_day(day);
        return period.begin < calendar_.start_of(day) ? calendar_.after(period) : period;
    }

    const MeasureDefinition& measure_;
    const IndicatorDefinition& indicator_;
    bool is_higher_better_;
    Calendar calendar_;
    Problems& problems_;
};

}  // namespace

void check_promise(const MeasureDefinition& measure, const IndicatorDefinition& indicator,
                   const date::time_zone* zone, Problems& problems) {
    PromiseCheck(measure, indicator, zone, problems).run();
}

void check_adoption(const MeasureDefinition& measure, const IndicatorDefinition& adoption,
                    Problems& problems) {
    const auto& signal = *measure.signals.adoption;
    if (std::string fault = fault_of(signal.at_least, adoption); !fault.empty())
        problems.push_back({signal.indicator.mark, "`at_least`: " + fault});
}

}  // namespace baselined::config
