#include "mappings/measure/saving.hpp"

#include <catch2/catch.hpp>

using namespace baselined::mappings;

namespace {

PeriodFigure share(double hits, double count) {
    PeriodFigure figure;
    figure.numerator = hits;
    figure.denominator = count;
    if (count > 0) figure.value = hits / count;
    return figure;
}

}  // namespace

TEST_CASE(
    "Volume that is gone is not claimed: a settled period over nothing counts in the mean volume to come") {
    MeasureDefinition measure;
    measure.unit_value = 10;
    IndicatorDefinition indicator;
    indicator.form = Form::share;
    indicator.unit = Unit::ratio;
    const PlannedValues planned(Rule::share, false, 0.5, 0.5, 1);
    SavingInput input{&measure, &indicator, &planned, Rule::share, 0.5, {}, {}, {}, 4, 1};
    input.baseline.level = 0.5;
    input.baseline.mean_n = 100;
    input.settled = {share(40, 100), share(0, 0)};
    const Saving saving = saving_of(input);
    CHECK(saving.actual == Approx((0.5 - 0.4) * 100 * 10));
    CHECK(saving.target == Approx(4 * (0.5 - 0.25) * 100 * 10));
    CHECK(saving.forecast == Approx(100 + 2 * (0.5 - 0.25) * 50 * 10));  // 50: the mean of 100 and 0
}

// A ledger month that was not posted yet is no saving of all it would have cost.
TEST_CASE("A measurement of 0 saves nothing") {
    MeasureDefinition measure;
    measure.unit_value = 1;
    IndicatorDefinition indicator;
    indicator.form = Form::sum;
    const PlannedValues planned(Rule::measurement, false, 100, 0.3, 1);
    SavingInput input{&measure, &indicator, &planned, Rule::measurement, 100, {}, {}, {}, 3, 1};
    input.baseline.level = 100;
    input.baseline.mean_n = 1;
    PeriodFigure posted, empty;
    posted.denominator = empty.denominator = 1;
    posted.value = 80;
    empty.value = 0;
    input.settled = {posted, empty};
    const Saving saving = saving_of(input);
    CHECK(saving.actual == Approx(100 - 80));
    CHECK(saving.expected == Approx(100 * 0.3));
    CHECK(saving.forecast == Approx(20 + 100 * 0.3));
}
