#include "daemon/app/young_figures.hpp"

#include "daemon/app/baselines.hpp"
#include "mappings/measure/completeness.hpp"

namespace baselined::daemon {

using mappings::Calendar;
using mappings::Period;
using mappings::PeriodFigure;

namespace {

int age_in_days(const Period& period, Instant known) {
    return static_cast<int>(std::chrono::duration_cast<date::days>(known - period.end).count());
}

}  // namespace

void YoungFigures::remember() {
    for (const MeasurePlan& plan : portfolio_.measures()) {
        const Calendar calendar(portfolio_.configuration().zone, plan.measure->period);
        const Instant known = read_until(*plan.indicator, portfolio_, store_, now_);
        Period period = calendar.before(calendar.containing(known));
        for (; !is_settled(period, known); period = calendar.before(period)) {
            const auto figure = figures_.figure(plan.series, plan.lower, period, known);
            store_.add_young_figure(key_of(plan), {period.begin, age_in_days(period, known), figure.numerator,
                                                   figure.denominator});
        }
    }
}

PeriodFigure YoungFigures::completed(const MeasurePlan& plan, const Period& period,
                                     const PeriodFigure& figure, Instant known) {
    const auto rule = mappings::rule_of(*plan.indicator);
    // An outage that is told late takes time away; a period's hours do not ripen.
    const bool ripens = plan.indicator->form != mappings::Form::uptime;
    if (!rule || !ripens || period.end > known) return figure;
    const Calendar calendar(portfolio_.configuration().zone, plan.measure->period);
    std::vector<mappings::Ripening> earlier;
    for (const auto& young : store_.young_figures(key_of(plan), age_in_days(period, known))) {
        const Period ripe = calendar.containing(young.period);
        if (!is_settled(ripe, known)) continue;
        PeriodFigure then;
        then.numerator = young.numerator;
        then.denominator = young.denominator;
        earlier.push_back({then, figures_.figure(plan.series, plan.lower, ripe, known)});
    }
    return mappings::completed(figure, *rule, mappings::completeness_of(*rule, earlier));
}

std::string YoungFigures::key_of(const MeasurePlan& plan) const {
    const auto& set = portfolio_.set();
    return set.series(plan.series).digest + (plan.lower ? "/" + set.series(*plan.lower).digest : "");
}

bool YoungFigures::is_settled(const Period& period, Instant known) const {
    return period.end + portfolio_.configuration().settle <= known;
}

}  // namespace baselined::daemon
