#include "daemon/app/young_figures.hpp"

#include "mappings/measure/completeness.hpp"

namespace baselined::daemon {

using mappings::Calendar;
using mappings::Period;
using mappings::PeriodFigure;

void YoungFigures::remember() {
    for (const MeasurePlan& plan : portfolio_.measures()) {
        const Calendar calendar(portfolio_.configuration().zone, plan.measure->period);
        Period period = calendar.before(calendar.containing(now_));
        for (; !is_settled(period); period = calendar.before(period)) {
            const auto figure = figures_.figure(plan.series, plan.lower, period, now_);
            store_.add_young_figure(
                key_of(plan), {period.begin, age_in_days(period), figure.numerator, figure.denominator});
        }
    }
}

PeriodFigure YoungFigures::completed(const MeasurePlan& plan, const Period& period,
                                     const PeriodFigure& figure) {
    const auto rule = mappings::rule_of(*plan.indicator);
    if (!rule || period.end > now_) return figure;
    const Calendar calendar(portfolio_.configuration().zone, plan.measure->period);
    std::vector<mappings::Ripening> earlier;
    for (const auto& young : store_.young_figures(key_of(plan), age_in_days(period))) {
        const Period known = calendar.containing(young.period);
        if (!is_settled(known)) continue;
        PeriodFigure then;
        then.numerator = young.numerator;
        then.denominator = young.denominator;
        earlier.push_back({then, figures_.figure(plan.series, plan.lower, known, now_)});
    }
    return mappings::completed(figure, *rule, mappings::completeness_of(*rule, earlier));
}

std::string YoungFigures::key_of(const MeasurePlan& plan) const {
    const auto& set = portfolio_.set();
    return set.series(plan.series).digest + (plan.lower ? "/" + set.series(*plan.lower).digest : "");
}

int YoungFigures::age_in_days(const Period& period) const {
    return static_cast<int>(std::chrono::duration_cast<date::days>(now_ - period.end).count());
}

bool YoungFigures::is_settled(const Period& period) const {
    return period.end + portfolio_.configuration().settle <= now_;
}

}  // namespace baselined::daemon
