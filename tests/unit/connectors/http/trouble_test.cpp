#include "connectors/http/trouble.hpp"

#include "tests/support/catch.hpp"

using namespace baselined::connectors;
using enum Refusal::Kind;

TEST_CASE("an outage is told by the third failure in a row, once, in the words of that one") {
    Outage outage;
    CHECK_FALSE(outage.note_failure("reset"));
    CHECK_FALSE(outage.note_failure("reset"));
    outage.note_answer();
    CHECK_FALSE(outage.note_failure("reset"));
    CHECK_FALSE(outage.note_failure("reset"));
    CHECK(outage.reason().empty());
    CHECK(outage.note_failure("answered 500"));
    CHECK_FALSE(outage.note_failure("reset"));
    CHECK(outage.reason() == "answered 500");
    outage.note_answer();
    CHECK(outage.reason().empty());
    CHECK_FALSE(outage.note_failure("reset"));
}

TEST_CASE("a place that fails while others answer is alone with it until it answers") {
    LonePlaces places;
    places.note_answer("b", 0);
    CHECK_FALSE(places.note_failure("a", 10));
    CHECK_FALSE(places.note_failure("a", 20));
    places.note_answer("b", 10);  // asked before, answered after
    CHECK_FALSE(places.note_failure("a", 30));
    places.note_answer("b", 25);
    CHECK(places.note_failure("a", 40));
    CHECK_FALSE(places.note_failure("b", 50));  // now the source as a whole
    CHECK(places.note_failure("a", 60));
    places.note_answer("a", 70);
    CHECK_FALSE(places.note_failure("a", 80));
    CHECK(places.note_failure("b", 90));
}

TEST_CASE("a login that never was accepted is not tried again once it is refused") {
    Refusal refusal;
    CHECK_FALSE(refusal.holds(0));
    refusal.note_refused("401", may_pass, 0);
    CHECK(refusal.holds(1'000'000'000));
    CHECK_FALSE(refusal.next_try_ms().has_value());
    refusal.forget();
    CHECK_FALSE(refusal.holds(0));
    refusal.note_refused("401", may_pass, 0);
    CHECK(refusal.holds(1'000'000'000));
}

TEST_CASE("a login that was accepted is tried once more after an hour, and not a third time") {
    constexpr std::int64_t hour = 3'600'000;
    Refusal refusal;
    refusal.note_accepted(0);
    refusal.note_refused("401", may_pass, 1'000);
    refusal.note_refused("401", may_pass, 1'001);  // of requests that were on their way
    refusal.note_accepted(1'002);
    CHECK(refusal.next_try_ms() == hour + 1'000);
    CHECK(refusal.holds(hour + 999));
    CHECK_FALSE(refusal.holds(hour + 1'000));
    SECTION("accepted, it is as good as before") {
        refusal.note_accepted(hour + 1'000);
        CHECK(refusal.reason().empty());
        refusal.note_refused("401", may_pass, hour + 2'000);
        CHECK(refusal.next_try_ms() == 2 * hour + 2'000);
    }
    SECTION("refused, it is left alone") {
        refusal.note_refused("401", may_pass, hour + 1'000);
        CHECK(refusal.holds(1'000 * hour));
    }
    SECTION("nor while the site wants to see a person") {
        refusal.note_accepted(hour + 1'000);
        refusal.note_refused("401", may_pass, hour + 2'000);
        refusal.note_refused("CAPTCHA", lasts, hour + 2'001);
        CHECK(refusal.reason() == "CAPTCHA");
        CHECK(refusal.holds(1'000 * hour));
    }
}
