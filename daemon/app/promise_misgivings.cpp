#include "daemon/app/promise_misgivings.hpp"

#include <fmt/format.h>

#include "daemon/app/baselines.hpp"
#include "mappings/measure/assessment.hpp"

namespace baselined::daemon {

namespace {

using mappings::Calendar;
using mappings::Rule;

class PromiseMisgivings {
  public:
    PromiseMisgivings(const Portfolio& portfolio, const MeasurePlan& plan, std::vector<std::string>& told)
        : measure_(*plan.measure),
          indicator_(*plan.indicator),
          calendar_(portfolio.configuration().zone, measure_.period),
          told_(told) {}

    void run() {
        look_at_rule();
        look_at_beginning();
        look_at_ramp();
        look_at_evidence();
    }

  private:
    void tell(const std::string& text) { told_.push_back(measure_.id + ": " + text); }

    void look_at_rule() {
        const auto rule = mappings::rule_of(indicator_);
        if (!rule)
            return tell(
                fmt::format("its status will stay unknown: {} is a count of which more is better, and "
                            "cannot be scored; take a share or a mean instead",
                            indicator_.name));
        if (rule != Rule::measurement) return;
        if (measure_.baseline.value)
            tell(
                fmt::format("its status will stay unknown: {} is a measurement, and a stated baseline does "
                            "not tell how much it varies by itself; give a window of two {}s or more",
                            indicator_.name, name_of(measure_.period)));
        else if (window_periods(measure_.baseline, calendar_).size() < 2)
            tell(
                fmt::format("its status will stay unknown: {} is a measurement, which needs a baseline of "
                            "two whole {}s or more; make the window longer",
                            indicator_.name, name_of(measure_.period)));
    }

    void look_at_beginning() {
        const auto& [from, to] = std::tie(measure_.target.from, measure_.baseline.to);
        if (measure_.baseline.value && !from)
            tell(
                fmt::format("its target has no `from`, so it counts from the first {} with records on, "
                            "however long ago: say when the effect begins",
                            name_of(measure_.period)));
        if (from && to && *from <= *to)
            tell(
                fmt::format("its target begins on {}, within the baseline's window: what the measure "
                            "changes is in its own baseline; end the window before",
                            mappings::format_day(*from)));
    }

    /// Of a ramp that goes on after the target date.
    void look_at_ramp() {
        const auto& target = measure_.target;
        const auto begin = target.from            ? target.from
                           : measure_.baseline.to ? std::optional(*measure_.baseline.to + date::days{1})
                                                  : std::nullopt;
        if (!begin || !target.by) return;
        mappings::Period period = calendar_.containing_day(*begin);
        if (period.begin < calendar_.start_of(*begin)) period = calendar_.after(period);
        const auto last = calendar_.containing_day(*target.by);
        int passed = 1;
        for (; passed < target.ramp && period.begin < last.begin; ++passed) period = calendar_.after(period);
        if (passed < target.ramp)
            tell(
                fmt::format("of its target's ramp of {} {}s only {} lie before `by`: no more than {} of the "
                            "change is planned by then, and counts as target saving",
                            target.ramp, name_of(measure_.period), passed,
                            mappings::percent(static_cast<double>(passed) / target.ramp)));
    }

    void look_at_evidence() {
        if (!measure_.signals.evidence_required) return;
        if (measure_.evidence.empty())
            tell(
                "its evidence is required and none is listed, so no saving will ever be claimed: add "
                "`evidence`");
        for (const mappings::Evidence& evidence : measure_.evidence)
            if (evidence.url.empty() && !evidence.due)
                tell(fmt::format(
                    "its evidence \"{}\" is required and has no `due`, so it is never overdue, and no "
                    "saving is claimed before it has a `url`: say when it is due",
                    evidence.name));
    }

    const mappings::MeasureDefinition& measure_;
    const mappings::IndicatorDefinition& indicator_;
    Calendar calendar_;
    std::vector<std::string>& told_;
};

}  // namespace

std::vector<std::string> misgivings_of_promises(const Portfolio& portfolio) {
    std::vector<std::string> told;
    for (const MeasurePlan& plan : portfolio.measures()) PromiseMisgivings(portfolio, plan, told).run();
    return told;
}

}  // namespace baselined::daemon
