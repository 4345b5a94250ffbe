// What a measure's assessment says of its money, chances and reasons, from figures of round numbers.
#include "mappings/measure/assessment.hpp"

#include "tests/support/catch.hpp"

using namespace baselined::mappings;

namespace {

Day day(int year, unsigned month, unsigned number) {
    return date::sys_days{date::year{year} / static_cast<int>(month) / static_cast<int>(number)};
}

PeriodFigure share(double hits, double count) {
    PeriodFigure figure{{}, hits, count};
    if (count > 0) figure.value = hits / count;
    return figure;
}

PeriodFigure count(double value) {
    return {value, value, 1};
}

/// Monthly, in UTC, from January 2026 on, 30 % less, each case worth 50 EUR.
struct Case {
    MeasureDefinition measure;
    IndicatorDefinition indicator;
    AssessmentInput input;
    std::vector<PeriodFigure> settled;
    std::string now = "2026-11-20T08:00:00Z";

    Case() {
        measure.unit_value = 50;
        measure.currency = "EUR";
        measure.target.change = -0.3;
        measure.target.from = day(2026, 1, 1);
        measure.target.by = day(2026, 12, 31);
        indicator.form = Form::share;
        indicator.unit = Unit::ratio;
        input.is_frozen = true;
    }

    void state(double value, double n) {
        measure.baseline.value = value;
        measure.baseline.n = n;
        input.baseline = {value, value * n, n};
    }

    void freeze(const std::vector<PeriodFigure>& periods) {
        input.baseline_periods = periods;
        for (const PeriodFigure& period : periods) {
            input.baseline.numerator += period.numerator;
            input.baseline.denominator += period.denominator;
        }
        input.baseline.value = input.baseline.numerator / input.baseline.denominator;
    }

    Assessment assessed() {
        const Calendar calendar(find_zone("UTC"), PeriodLength::month);
        input.measure = &measure;
        input.indicator = &indicator;
        input.calendar = &calendar;
        input.now = *parse_rfc3339(now);
        Period period = calendar.containing_day(*measure.target.from);
        input.first = period;
        for (const PeriodFigure& figure : settled) {
            input.track.push_back({period, calendar.label(period), figure});
            period = calendar.after(period);
        }
        return assess(input);
    }
};

}  // namespace

// 12 months of 20 are 20 a month: 20 * 0.3 * 12 months * 50 EUR.
TEST_CASE("of a count or backlog each period counts once, however many its stated value was taken from") {
    Case one;
    one.state(20, 12);
    SECTION("count") {
        one.indicator.form = Form::count;
    }
    SECTION("backlog") {
        one.indicator.form = Form::backlog;
    }
    one.settled = {count(20), count(20), count(20)};
    const Assessment result = one.assessed();
    CHECK(result.saving->target == Approx(3600));
    CHECK(result.saving->volume_effect == Approx(0).margin(1e-9));
    // How well it is known still comes of the twelve: (240 + 1/2) / 12, and its variance.
    CHECK(result.baseline->level == Approx(240.5 / 12));
    CHECK(result.baseline->level_variance == Approx(1.5 * 240.5 / 12 / 12));
}

TEST_CASE("of a share and a ratio `n` is what one period counts") {
    Case one;
    one.state(0.2, 100);
    SECTION("share") {
        one.indicator.form = Form::share;
    }
    SECTION("ratio") {
        one.indicator.form = Form::ratio;
    }
    one.settled = {share(17, 100), share(14, 50)};
    const Assessment result = one.assessed();
    CHECK(result.saving->target == Approx(12 * 0.2 * 0.3 * 100 * 50));
    CHECK(result.saving->actual == Approx((20 - 17 + 10 - 14) * 50));
}

// Half of the promised 30 % of 20 in 100, in each month: 3 of 100 at 50 EUR are 150 EUR a month, of 300
// promised.
TEST_CASE(
    "after the target date the money at risk is what the target lacked then, whatever was saved since") {
    Case one;
    one.freeze(std::vector<PeriodFigure>(12, share(20, 100)));
    one.measure.target.by = day(2026, 5, 31);
    one.settled = std::vector<PeriodFigure>(10, share(17, 100));
    const Assessment result = one.assessed();
    CHECK(result.saving->target == Approx(5 * 300));
    CHECK(result.saving->actual == Approx(10 * 150));
    CHECK(result.saving->forecast == Approx(10 * 150));  // method.md: actual so far, and nothing is to come
    CHECK(result.money_at_risk() == Approx(5 * 300 - 5 * 150));
    CHECK(result.is_due_past);
    CHECK(result.sentence.ends_with(
        "% chance that at least 80 % of the expected saving stands; it was due by 31 May 2026."));
}

TEST_CASE("one point of drift is one point") {
    int ones = 0;
    for (int hits = 8; hits <= 22; ++hits) {
        Case one;
        one.freeze(std::vector<PeriodFigure>(12, share(20, 100)));
        one.settled = std::vector<PeriodFigure>(4, share(hits, 100));
        const std::string sentence = one.assessed().sentence;
        INFO(sentence);
        const bool is_one =
            sentence.find("g +1 ") != std::string::npos || sentence.find("g -1 ") != std::string::npos;
        CHECK((sentence.find("1 point a month") != std::string::npos) == is_one);
        CHECK((sentence.find("points a month") == std::string::npos) == is_one);
        ones += is_one ? 1 : 0;
    }
    CHECK(ones > 0);
}

TEST_CASE("on the target date itself the sentence speaks of what is to come") {
    Case one;
    one.freeze(std::vector<PeriodFigure>(12, share(20, 100)));
    one.measure.target.by = day(2026, 5, 31);
    one.settled = std::vector<PeriodFigure>(4, share(17, 100));
    one.now = "2026-05-31T23:59:59Z";
    const Assessment result = one.assessed();
    CHECK_FALSE(result.is_due_past);
    CHECK(result.sentence.ends_with("stands by 31 May 2026."));
}

// The newest 12 settled periods are the baseline's: of 18 the first 6 had 400 cases, the others 100.
TEST_CASE(
    "before its first period has settled a measure is forecast as planned, with the baseline's newest "
    "volume") {
    Case one;
    SECTION("a window") {
        std::vector<PeriodFigure> window(6, share(80, 400));
        window.insert(window.end(), 12, share(20, 100));
        one.freeze(window);
        const Assessment result = one.assessed();
        CHECK(result.saving->target == Approx(12 * 0.2 * 0.3 * 200 * 50));  // the mean of all 18
        CHECK(result.saving->forecast == Approx(12 * 0.2 * 0.3 * 100 * 50));
        CHECK(result.money_at_risk() == Approx(12 * 0.2 * 0.3 * 100 * 50));
    }
    SECTION("a stated baseline") {
        one.state(0.2, 100);
        const Assessment result = one.assessed();
        CHECK(result.saving->forecast == Approx(12 * 0.2 * 0.3 * 100 * 50));
        CHECK(result.money_at_risk() == Approx(0).margin(1e-9));
        CHECK_FALSE(result.p_deliver);
    }
    SECTION("a count") {
        one.indicator.form = Form::count;
        one.freeze(std::vector<PeriodFigure>(12, count(20)));
        CHECK(one.assessed().saving->forecast == Approx(12 * 20 * 0.3 * 50));
    }
}

namespace {

std::string codes(const Assessment& result) {
    std::string all;
    for (const Reason& reason : result.reasons) all += reason.code + " ";
    return all;
}

Case on_plan() {
    Case one;
    one.freeze(std::vector<PeriodFigure>(12, share(20, 100)));
    one.settled = std::vector<PeriodFigure>(6, share(14, 100));
    return one;
}

}  // namespace

TEST_CASE("an adoption below its floor weakens until it is measured again, in its own unit") {
    Case one = on_plan();
    one.measure.signals.adoption = AdoptionSignal{{"training", {}}, 5};
    SECTION("measured now") {
        one.input.adoption = AdoptionFigure{0, "2026-06", true, "hours"};
        const Assessment result = one.assessed();
        CHECK(result.potential == PotentialStatus::weakening);
        CHECK(result.reasons.at(0).text == "Adoption (training) is at 0 hours, below its floor of 5 hours.");
    }
    SECTION("measured months ago") {
        one.input.adoption = AdoptionFigure{3, "2026-04", false, "count"};
        const Assessment result = one.assessed();
        CHECK(result.potential == PotentialStatus::weakening);
        CHECK(result.reasons.at(0).text ==
              "Adoption (training) was at 3 in 2026-04, below its floor of 5, and was not measured since.");
    }
    SECTION("good when it was last measured") {
        one.input.adoption = AdoptionFigure{7, "2026-04", false, "hours"};
        const Assessment result = one.assessed();
        CHECK(result.potential == PotentialStatus::on_track);
        CHECK(codes(result) == "adoption_unknown ");
    }
    SECTION("never measured") {
        one.input.adoption = AdoptionFigure{{}, "", false, "hours"};
        const Assessment result = one.assessed();
        CHECK(result.potential == PotentialStatus::on_track);
        CHECK(codes(result) == "adoption_unknown ");
    }
}

// method.md: an actual is claimed "only where the evidence is there".
TEST_CASE("required evidence that is overdue, undated or not even named leaves the actual saving unknown") {
    Case one = on_plan();
    one.measure.signals.evidence_required = true;
    const double forecast = (20 - 14) * 50 * 12;
    SECTION("none is named") {
        const Assessment result = one.assessed();
        CHECK(result.potential == PotentialStatus::on_track);
        CHECK(codes(result) == "evidence_open ");
        CHECK_FALSE(result.saving->actual);
        CHECK_FALSE(result.saving->actual_se);
        CHECK(result.saving->forecast == Approx(forecast).epsilon(0.1));
    }
    SECTION("undated") {
        one.measure.evidence = {{"Report", {}, ""}};
        const Assessment result = one.assessed();
        CHECK(codes(result) == "evidence_open ");
        CHECK_FALSE(result.saving->actual);
    }
    SECTION("overdue") {
        one.measure.evidence = {{"Report", day(2026, 5, 31), ""}};
        const Assessment result = one.assessed();
        CHECK(result.potential == PotentialStatus::weakening);
        CHECK(codes(result) == "evidence_missing ");
        CHECK_FALSE(result.saving->actual);
    }
    SECTION("there, or not due yet") {
        one.measure.evidence = {{"Report", {}, "https://example.com"}, {"Review", day(2026, 12, 31), ""}};
        const Assessment result = one.assessed();
        CHECK(codes(result).empty());
        CHECK(result.saving->actual == Approx(6 * 6 * 50));
    }
}

// 30 days of 24 hours: 1 % down before, then nothing works. From 99 % to 99.5 % is half of what is down.
TEST_CASE("a service that is down the whole month is at 0 %, and off track") {
    Case one;
    one.indicator.form = Form::uptime;
    one.indicator.better = Better::higher;
    one.measure.target.change.reset();
    one.measure.target.value = 0.995;
    one.freeze(std::vector<PeriodFigure>(12, share(712.8, 720)));
    one.settled = {share(716.4, 720), share(0, 720), share(0, 720), share(0, 720)};
    const Assessment result = one.assessed();
    CHECK(result.baseline->level == Approx((12 * 7.2 + 0.5) / (12 * 720 + 1)));
    CHECK(result.reduction == Approx(0.5));
    CHECK(result.potential == PotentialStatus::off_track);
    CHECK(result.p_deliver < 0.01);
    CHECK(result.saving->actual == Approx((3.6 - 3 * 712.8) * 50));
    CHECK(result.saving->target == Approx(12 * 3.6 * 50));
}

TEST_CASE("of a definition that nobody accepted neither money nor a forecast is told") {
    Case one = on_plan();
    one.input.causes = {{"definition_changed", "It changed."}};
    const Assessment result = one.assessed();
    CHECK(result.potential == PotentialStatus::unknown);
    CHECK_FALSE(result.saving);
    CHECK_FALSE(result.money_at_risk());
    CHECK_FALSE(result.forecast);
    CHECK(result.sentence.empty());
    CHECK(result.p_deliver);  // method.md: given whatever the status
}
