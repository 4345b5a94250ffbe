#include "mappings/measure/completeness.hpp"

#include "tests/support/catch.hpp"

using namespace baselined::mappings;

namespace {

PeriodFigure figure(double y, double n) {
    PeriodFigure figure;
    figure.numerator = y;
    figure.denominator = n;
    if (n > 0) figure.value = y / n;
    return figure;
}

}  // namespace

TEST_CASE("a young period's completeness is what earlier ones had at its age") {
    // 70 % of the hits are known at this age, of all the cases.
    const std::vector<Ripening> earlier{{figure(14, 100), figure(20, 100)},
                                        {figure(7, 50), figure(10, 50)},
                                        {figure(21, 150), figure(30, 150)}};
    CHECK(completeness_of(Rule::share, earlier) == Approx(0.7));
    CHECK(completeness_of(Rule::count, earlier) == Approx(0.7));
    CHECK(completeness_of(Rule::measurement, earlier) == 1);
    CHECK(completeness_of(Rule::share, {earlier[0], earlier[1]}) == 1);  // too few to say
    // Cases missing as well: of those known, the share is right already.
    const std::vector<Ripening> both{{figure(10, 50), figure(20, 100)},
                                     {figure(5, 25), figure(10, 50)},
                                     {figure(15, 75), figure(30, 150)}};
    CHECK(completeness_of(Rule::share, both) == Approx(1));
    CHECK(completeness_of(Rule::count, both) == Approx(0.5));
    CHECK(*completed(figure(14, 100), Rule::share, 0.7).value == Approx(0.2));
    CHECK(*completed(figure(90, 100), Rule::share, 0.7).value == 1);
    CHECK(completed(figure(14, 100), Rule::share, 0.7).numerator == 14);
    CHECK_FALSE(completed(figure(0, 0), Rule::share, 0.7).value);
}
