// Periods where clocks change; the expected instants were worked out from the zones' offsets by hand.
#include "mappings/indicator/calendar.hpp"

#include "tests/support/catch.hpp"

using namespace baselined::mappings;

namespace {

Instant at(std::string_view text) {
    return *parse_rfc3339(text);
}

std::string span(const Calendar& calendar, const char* label) {
    const auto period = calendar.find(label);
    return period ? format_rfc3339(period->begin) + " " + format_rfc3339(period->end) : "none";
}

}  // namespace

TEST_CASE("a month begins and ends at local midnight, whatever the clocks do within it") {
    const Calendar berlin(find_zone("Europe/Berlin"), PeriodLength::month);
    CHECK(span(berlin, "2026-03") == "2026-02-28T23:00:00Z 2026-03-31T22:00:00Z");
    CHECK(span(berlin, "2026-10") == "2026-09-30T22:00:00Z 2026-10-31T23:00:00Z");
    CHECK(berlin.label(berlin.containing(at("2026-02-28T22:59:59Z"))) == "2026-02");
    CHECK(berlin.label(berlin.containing(at("2026-02-28T23:00:00Z"))) == "2026-03");
}

TEST_CASE("days of 23 and 25 hours") {
    const Calendar berlin(find_zone("Europe/Berlin"), PeriodLength::day);
    CHECK(span(berlin, "2026-03-29") == "2026-03-28T23:00:00Z 2026-03-29T22:00:00Z");
    CHECK(span(berlin, "2026-10-25") == "2026-10-24T22:00:00Z 2026-10-25T23:00:00Z");
}

TEST_CASE("a midnight that does not exist takes the offset before the gap") {
    // Brazil's clocks went from 3 Nov 2018 23:59:59 (-03) to 4 Nov 01:00 (-02).
    const Calendar brazil(find_zone("America/Sao_Paulo"), PeriodLength::day);
    CHECK(span(brazil, "2018-11-04") == "2018-11-04T03:00:00Z 2018-11-05T02:00:00Z");
}

TEST_CASE("a midnight that occurs twice is the first") {
    // Havana's clocks went back on 3 Nov 2019 from 01:00 (-04) to 00:00 (-05).
    const Calendar havana(find_zone("America/Havana"), PeriodLength::day);
    CHECK(span(havana, "2019-11-03") == "2019-11-03T04:00:00Z 2019-11-04T05:00:00Z");
}

TEST_CASE("weeks are ISO weeks, from Monday, and count to the year of their Thursday") {
    const Calendar weeks(find_zone("UTC"), PeriodLength::week);
    const auto label = [&](const char* text) { return weeks.label(weeks.containing(at(text))); };
    CHECK(label("2021-01-03T23:59:59Z") == "2020-W53");
    CHECK(label("2021-01-04T00:00:00Z") == "2021-W01");
    CHECK(label("2024-12-30T00:00:00Z") == "2025-W01");
    CHECK(label("2026-12-31T12:00:00Z") == "2026-W53");
    CHECK(label("2023-01-01T12:00:00Z") == "2022-W52");
    CHECK(span(weeks, "2026-W36") == "2026-08-31T00:00:00Z 2026-09-07T00:00:00Z");
    CHECK(span(weeks, "2025-W53") == "none");
    CHECK(span(weeks, "2026-W53") == "2026-12-28T00:00:00Z 2027-01-04T00:00:00Z");
    CHECK(span(weeks, "2026-W00") == "none");
}

TEST_CASE("quarters") {
    const Calendar quarters(find_zone("America/New_York"), PeriodLength::quarter);
    CHECK(span(quarters, "2026-Q1") == "2026-01-01T05:00:00Z 2026-04-01T04:00:00Z");
    CHECK(quarters.label(quarters.containing(at("2026-10-01T03:59:59Z"))) == "2026-Q3");
    CHECK(quarters.label(quarters.before(*quarters.find("2026-Q1"))) == "2025-Q4");
    CHECK(span(quarters, "2026-Q5") == "none");
    CHECK(span(quarters, "2026-Q0") == "none");
}

TEST_CASE("a label of another length names nothing") {
    const Calendar months(find_zone("UTC"), PeriodLength::month);
    for (const char* label :
         {"2026-W36", "2026-13", "2026-00", "2026-9", "2026-09-30", "2026-Q3", "26-09", ""})
        CHECK(span(months, label) == "none");
}
