#include <rapidjson/document.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "mappings/measure/realisation.hpp"
#include "tests/support/catch.hpp"

using namespace baselined::mappings;

namespace {

rapidjson::Document read_cases() {
    std::ifstream file(SOURCE_DIR "/tests/golden/method/filter.json");
    std::stringstream text;
    text << file.rdbuf();
    rapidjson::Document document;
    const std::string json = text.str();
    document.Parse(json.data(), json.size());
    return document;
}

PeriodFigure figure(Rule rule, double y, double n, double c = 1) {
    PeriodFigure period;
    period.numerator = rule == Rule::measurement ? y * n : y;
    period.denominator = n;
    period.completeness = c;
    if (n > 0) period.value = rule == Rule::measurement ? y : y / n;
    return period;
}

Rule rule_named(const std::string& kind) {
    return kind == "share" ? Rule::share : kind == "count" ? Rule::count : Rule::measurement;
}

}  // namespace

// The expected values come from tests/support/method.py, which was written from the method's description.
TEST_CASE("the filter agrees with an independent implementation, step by step") {
    const auto cases = read_cases();
    REQUIRE(cases.IsArray());
    REQUIRE(cases.Size() == 6);
    for (const auto& one : cases.GetArray()) {
        INFO(one["name"].GetString());
        const Rule rule = rule_named(one["kind"].GetString());
        std::vector<PeriodFigure> periods;
        for (rapidjson::SizeType i = 0; i < one["baseline_y"].Size(); ++i)
            periods.push_back(
                figure(rule, one["baseline_y"][i].GetDouble(), one["baseline_n"][i].GetDouble()));
        const auto baseline = baseline_of(rule, false, periods);
        REQUIRE(baseline);
        CHECK(baseline->level == Approx(one["baseline"]["level"].GetDouble()).epsilon(1e-12));
        CHECK(baseline->phi == Approx(one["baseline"]["phi"].GetDouble()).epsilon(1e-12));
        CHECK(baseline->variance == Approx(one["baseline"]["v"].GetDouble()).epsilon(1e-12));
        CHECK(baseline->level_variance == Approx(one["baseline"]["vb"].GetDouble()).epsilon(1e-12));
        RealisationFilter filter(*baseline, one["reduction"].GetDouble(), one["months"].GetDouble());
        int t = 0;
        for (const auto& step : one["steps"].GetArray()) {
            ++t;
            filter.predict();
            filter.update(figure(rule, step["y"].GetDouble(), step["n"].GetDouble(), step["c"].GetDouble()),
                          std::min(1.0, t / one["ramp"].GetDouble()));
            const Landing landing = filter.landing(std::max(0, one["last"].GetInt() - t));
            CHECK(filter.state().theta == Approx(step["theta"].GetDouble()).epsilon(1e-11));
            CHECK(filter.state().b == Approx(step["b"].GetDouble()).epsilon(1e-9).margin(1e-13));
            CHECK(filter.state().p11 == Approx(step["p11"].GetDouble()).epsilon(1e-11));
            CHECK(filter.state().p12 == Approx(step["p12"].GetDouble()).epsilon(1e-9).margin(1e-13));
            CHECK(filter.state().p22 == Approx(step["p22"].GetDouble()).epsilon(1e-11));
            CHECK(landing.level == Approx(step["level"].GetDouble()).epsilon(1e-11));
            CHECK(landing.variance == Approx(step["variance"].GetDouble()).epsilon(1e-11));
            CHECK(landing.baseline_variance == Approx(step["vb"].GetDouble()).epsilon(1e-11));
            CHECK(landing.p_deliver == Approx(step["p_deliver"].GetDouble()).epsilon(1e-10));
        }
    }
}

TEST_CASE("a baseline keeps its rules at the edges") {
    SECTION("a stated value is one period with an overdispersion of 1.5") {
        const auto baseline = stated_baseline(Rule::share, false, 0.31, 1200);
        REQUIRE(baseline);
        CHECK(baseline->phi == Approx(1.5));
        CHECK(baseline->level == Approx((372 + 0.5) / 1201));
    }
    SECTION("a share of which more is better is mirrored") {
        const auto baseline = baseline_of(Rule::share, true, {figure(Rule::share, 90, 100)});
        REQUIRE(baseline);
        CHECK(baseline->level == Approx(10.5 / 101));
    }
    SECTION("no period with a value is no baseline") {
        CHECK_FALSE(baseline_of(Rule::share, false, {figure(Rule::share, 0, 0)}));
        CHECK_FALSE(baseline_of(Rule::measurement, false, {}));
    }
    SECTION("counts keep their zeros") {
        const auto baseline =
            baseline_of(Rule::count, false, {figure(Rule::count, 0, 1), figure(Rule::count, 4, 1)});
        REQUIRE(baseline);
        CHECK(baseline->level == Approx(4.5 / 2));
        CHECK(baseline->periods == 2);
    }
}

// What never varied is known exactly, and rounding may take its variance below 0: no figure comes of that.
TEST_CASE("a measurement that never varied has a chance of 0 or 1, and no other figure than a number") {
    for (int number = 1; number <= 200; ++number) {
        const double value = number / 7.0, reduction = 0.05 + number % 9 / 20.0;
        const auto baseline = baseline_of(
            Rule::measurement, false, std::vector<PeriodFigure>(12, figure(Rule::measurement, value, 10)));
        REQUIRE(baseline);
        RealisationFilter none(*baseline, reduction, 1), whole(*baseline, reduction, 1);
        for (int t = 1; t <= 30; ++t) {
            none.predict();
            none.update(figure(Rule::measurement, value, 10), 1);
            whole.predict();
            whole.update(figure(Rule::measurement, value * (1 - reduction), 10), 1);
            const int ahead = std::max(0, 12 - t);
            INFO(number << " " << t << " " << none.landing(ahead).p_deliver);
            CHECK(std::isfinite(none.landing(ahead).upper()));
            CHECK(std::isfinite(none.forecast(ahead, 1, 10).low));
            CHECK(none.landing(ahead).p_deliver >= 0);
            CHECK(none.landing(ahead).p_deliver <= 1);
            CHECK(none.landing(0).p_deliver < 1e-9);
            CHECK(whole.landing(0).p_deliver > 1 - 1e-9);
        }
    }
}
