#include "mappings/alert/decision.hpp"

#include <date/date.h>

#include "mappings/alert/schedule.hpp"
#include "tests/support/catch.hpp"

using namespace baselined::mappings;
using namespace std::chrono_literals;

namespace {

constexpr Millis day = 24h;
const Instant start = *parse_rfc3339("2026-05-12T08:00:00Z");
const date::time_zone* const berlin = find_zone("Europe/Berlin");

/// A measure's life, one evaluation after the other; each step starts from where the last one ended.
struct Life {
    Episode episode;
    AlertInput in;
    AlertDecision last;

    Life() { in.repeat = {1 * day, 7 * day, 30 * day}; }

    AlertAction at(Millis since_start, Standing standing) {
        in.before = episode;
        in.standing = standing;
        in.now = start + since_start;
        in.was_known = in.was_known || standing == Standing::clear || standing == Standing::weakening;
        last = decide(in);
        episode = last.after;
        if (last.lifts_ack) in.ack_ends.reset();
        return last.action;
    }
    bool told(Millis since_start, Standing standing, AlertAction action, AlertReason reason) {
        return at(since_start, standing) == action && last.reason == reason;
    }
    bool is_held(Millis since_start, Standing standing, Hold by) {
        return at(since_start, standing) == AlertAction::hold && last.hold == by;
    }
};

}  // namespace

TEST_CASE("one alert per measure and episode, resolved when it clears") {
    Life life;
    CHECK(life.told(0h, Standing::clear, AlertAction::nothing, AlertReason::is_clear));
    CHECK(life.told(1h, Standing::weakening, AlertAction::notify, AlertReason::turned_weakening));
    for (int hour = 2; hour < 24; ++hour)
        CHECK(life.told(std::chrono::hours{hour}, Standing::weakening, AlertAction::nothing,
                        AlertReason::told_already));
    CHECK(life.told(24h, Standing::clear, AlertAction::resolve, AlertReason::cleared));
    CHECK(life.episode == Episode{});
    CHECK(life.told(25h, Standing::clear, AlertAction::nothing, AlertReason::is_clear));
    CHECK(life.told(26h, Standing::off_track, AlertAction::notify, AlertReason::turned_off_track));
    CHECK(life.episode.first_told == start + 26h);
}

TEST_CASE("a measure that is weak when it is first looked at is told") {
    CHECK(Life().told(0h, Standing::weakening, AlertAction::notify, AlertReason::turned_weakening));
}

TEST_CASE("reminders count from the first telling, the last interval goes on") {
    Life life;
    life.at(0h, Standing::weakening);
    std::vector<int> told;
    for (int hour = 1; hour <= 100 * 24; ++hour)
        if (life.at(std::chrono::hours{hour}, Standing::weakening) == AlertAction::remind) {
            CHECK((life.last.reason == AlertReason::reminder_due));
            told.push_back(hour / 24);
            CHECK(hour % 24 == 0);
        }
    CHECK(told == std::vector<int>{1, 7, 30, 60, 90});
}

TEST_CASE("several overdue reminders are one") {
    Life life;
    life.at(0h, Standing::weakening);
    CHECK((life.at(65 * day, Standing::weakening) == AlertAction::remind));
    CHECK((life.at(65 * day + 1h, Standing::weakening) == AlertAction::nothing));
    CHECK((life.at(89 * day, Standing::weakening) == AlertAction::nothing));
    CHECK((life.at(90 * day, Standing::weakening) == AlertAction::remind));
}

TEST_CASE("without repeat there are no reminders") {
    Life life;
    life.in.repeat.clear();
    life.at(0h, Standing::weakening);
    CHECK((life.at(400 * day, Standing::weakening) == AlertAction::nothing));
}

TEST_CASE("an acknowledgement holds reminders until its end, then it is told again") {
    Life life;
    life.at(0h, Standing::weakening);
    life.in.ack_ends = start + 10 * day;
    CHECK(life.is_held(1 * day, Standing::weakening, Hold::acknowledged));
    CHECK(life.is_held(7 * day, Standing::weakening, Hold::acknowledged));
    CHECK(life.is_held(10 * day - 1ms, Standing::weakening, Hold::acknowledged));
    CHECK(life.told(10 * day, Standing::weakening, AlertAction::remind, AlertReason::ack_ended));
    CHECK((life.at(10 * day + 1h, Standing::weakening) == AlertAction::nothing));
    CHECK((life.at(30 * day, Standing::weakening) == AlertAction::remind));
}

TEST_CASE("an acknowledged measure that gets worse is told at once, and its ack has ended") {
    Life life;
    life.at(0h, Standing::weakening);
    life.in.ack_ends = start + 60 * day;
    CHECK(life.told(1h, Standing::off_track, AlertAction::escalate, AlertReason::turned_off_track));
    CHECK(life.last.lifts_ack);
    CHECK((life.at(1 * day, Standing::off_track) == AlertAction::remind));
}

TEST_CASE("an acknowledgement keeps nothing back but reminders") {
    Life life;
    life.at(0h, Standing::weakening);
    life.in.ack_ends = start + 60 * day;
    CHECK((life.at(1h, Standing::clear) == AlertAction::resolve));
    CHECK((life.at(2h, Standing::weakening) == AlertAction::notify));
    CHECK(life.last.lifts_ack);
}

TEST_CASE("a silence holds everything; when it ends and it still weakens it is told again") {
    Life life;
    life.in.silence_ends = start + 5 * day;
    CHECK(life.is_held(0h, Standing::weakening, Hold::silenced));
    CHECK((life.last.reason == AlertReason::turned_weakening));
    CHECK(life.is_held(1 * day, Standing::off_track, Hold::silenced));
    CHECK(life.told(5 * day, Standing::off_track, AlertAction::notify, AlertReason::turned_off_track));
    life.in.silence_ends = start + 20 * day;
    CHECK((life.at(5 * day + 1h, Standing::off_track) == AlertAction::nothing));
    CHECK(life.is_held(6 * day, Standing::off_track, Hold::silenced));
    CHECK(life.told(20 * day, Standing::off_track, AlertAction::remind, AlertReason::silence_ended));
    CHECK((life.at(20 * day + 1h, Standing::off_track) == AlertAction::nothing));
}

TEST_CASE("what began and ended within a silence is not told; what cleared in it is told after it") {
    Life life;
    life.in.silence_ends = start + 5 * day;
    life.at(0h, Standing::weakening);
    CHECK((life.at(1 * day, Standing::clear) == AlertAction::nothing));
    CHECK((life.at(6 * day, Standing::clear) == AlertAction::nothing));
    life.at(7 * day, Standing::weakening);
    life.in.silence_ends = start + 9 * day;
    CHECK(life.is_held(8 * day, Standing::clear, Hold::silenced));
    CHECK((life.at(9 * day, Standing::clear) == AlertAction::resolve));
}

TEST_CASE("each turn to off_track escalates in that evaluation") {
    Life life;
    life.at(0h, Standing::weakening);
    CHECK(life.told(1h, Standing::off_track, AlertAction::escalate, AlertReason::turned_off_track));
    CHECK(life.told(2h, Standing::off_track, AlertAction::nothing, AlertReason::told_already));
    CHECK(life.told(3h, Standing::weakening, AlertAction::nothing, AlertReason::told_already));
    CHECK(life.told(4h, Standing::off_track, AlertAction::escalate, AlertReason::turned_off_track));
    CHECK(life.episode.first_told == start);
}

TEST_CASE("unknown is told only after another status, once") {
    Life life;
    CHECK(life.told(0h, Standing::unknown, AlertAction::nothing, AlertReason::never_known));
    life.at(1h, Standing::clear);
    CHECK(life.told(2h, Standing::unknown, AlertAction::notify, AlertReason::turned_unknown));
    CHECK(life.told(40 * day, Standing::unknown, AlertAction::nothing, AlertReason::told_already));
    CHECK(life.told(41 * day, Standing::weakening, AlertAction::notify, AlertReason::turned_weakening));
    CHECK(life.told(42 * day, Standing::unknown, AlertAction::notify, AlertReason::turned_unknown));
    CHECK(life.told(43 * day, Standing::clear, AlertAction::resolve, AlertReason::cleared));
}

TEST_CASE("a changed definition is its own alert, never a weakening") {
    Life life;
    life.at(0h, Standing::weakening);
    CHECK(life.told(1h, Standing::definition_changed, AlertAction::notify, AlertReason::definition_changed));
    CHECK_FALSE(life.last.lifts_ack);
    CHECK(life.told(30 * day, Standing::definition_changed, AlertAction::nothing, AlertReason::told_already));
    CHECK(life.told(31 * day, Standing::weakening, AlertAction::notify, AlertReason::turned_weakening));
}

TEST_CASE("a silent source inhibits: the episode stands still and goes on") {
    Life life;
    life.at(0h, Standing::weakening);
    CHECK(life.is_held(1 * day, Standing::silent, Hold::source_silent));
    CHECK(life.is_held(40 * day, Standing::silent, Hold::source_silent));
    CHECK((life.at(40 * day + 1h, Standing::weakening) == AlertAction::remind));
    CHECK(life.is_held(41 * day, Standing::silent, Hold::source_silent));
    CHECK((life.at(42 * day, Standing::clear) == AlertAction::resolve));
    CHECK(life.is_held(43 * day, Standing::silent, Hold::source_silent));
    CHECK((life.at(44 * day, Standing::clear) == AlertAction::nothing));
}

TEST_CASE("a weakening after closure is a relapse") {
    Life life;
    life.in.is_closed = true;
    CHECK(life.told(0h, Standing::weakening, AlertAction::notify, AlertReason::relapsed));
    CHECK(life.told(1h, Standing::off_track, AlertAction::escalate, AlertReason::turned_off_track));
    Life closed_later;
    closed_later.at(0h, Standing::weakening);
    closed_later.in.is_closed = true;
    CHECK((closed_later.at(1h, Standing::weakening) == AlertAction::nothing));
}

TEST_CASE("why nothing is known decides what is told") {
    Assessment unknown;
    unknown.reasons = {{"too_few_periods", ""}};
    CHECK((standing_of(unknown) == Standing::unknown));
    unknown.reasons.push_back({"stale", ""});
    CHECK((standing_of(unknown) == Standing::silent));
    unknown.reasons.push_back({"definition_changed", ""});
    CHECK((standing_of(unknown) == Standing::definition_changed));
    Assessment weak;
    weak.potential = PotentialStatus::weakening;
    weak.reasons = {{"actions_overdue", ""}};
    CHECK((standing_of(weak) == Standing::weakening));
    for (const Standing standing : {Standing::clear, Standing::weakening, Standing::off_track,
                                    Standing::unknown, Standing::definition_changed, Standing::silent})
        CHECK((standing_named(name_of(standing)) == standing));
    CHECK_FALSE(standing_named("weak"));
}

TEST_CASE("pauses double from a minute to four hours") {
    std::vector<int> minutes;
    for (int failures = 1; failures <= 11; ++failures)
        minutes.push_back(static_cast<int>(retry_pause(failures) / 1min));
    CHECK(minutes == std::vector<int>{1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240});
    CHECK(retry_pause(1'000'000) == 4h);
}

TEST_CASE("a local day ends at the next local midnight, daylight saving or not") {
    using namespace date::literals;
    CHECK(format_rfc3339(end_of_day(2026_y / 5 / 12, berlin)) == "2026-05-12T22:00:00Z");
    CHECK(format_rfc3339(end_of_day(2026_y / 10 / 25, berlin)) == "2026-10-25T23:00:00Z");
    CHECK(format_rfc3339(end_of_day(2026_y / 3 / 28, berlin)) == "2026-03-28T23:00:00Z");
}

TEST_CASE("quiet hours end in the receiver's zone") {
    const QuietHours night{20h, 7h}, lunch{12h, 13h};
    const auto after = [](const QuietHours& quiet, const char* now, const char* zone) {
        return format_rfc3339(after_quiet(quiet, *parse_rfc3339(now), find_zone(zone)));
    };
    CHECK(after(night, "2026-05-12T18:00:00Z", "Europe/Berlin") == "2026-05-13T05:00:00Z");
    CHECK(after(night, "2026-05-13T04:59:59Z", "Europe/Berlin") == "2026-05-13T05:00:00Z");
    CHECK(after(night, "2026-05-13T05:00:00Z", "Europe/Berlin") == "2026-05-13T05:00:00Z");
    CHECK(after(night, "2026-05-12T17:59:00Z", "Europe/Berlin") == "2026-05-12T17:59:00Z");
    CHECK(after(night, "2026-05-12T18:00:00Z", "America/New_York") == "2026-05-12T18:00:00Z");
    CHECK(after(lunch, "2026-05-12T12:30:00Z", "UTC") == "2026-05-12T13:00:00Z");
    CHECK(after(lunch, "2026-05-12T13:00:00Z", "UTC") == "2026-05-12T13:00:00Z");
}

TEST_CASE("a weekly appointment is the newest one gone by") {
    const auto newest = [](const char* now) {
        return format_rfc3339(newest_of(Weekly{}, *parse_rfc3339(now), berlin));
    };
    CHECK(newest("2026-05-12T08:00:00Z") == "2026-05-11T06:00:00Z");  // a Tuesday
    CHECK(newest("2026-05-11T06:00:00Z") == "2026-05-11T06:00:00Z");
    CHECK(newest("2026-05-11T05:59:59Z") == "2026-05-04T06:00:00Z");
    CHECK(newest("2026-10-26T07:00:00Z") == "2026-10-26T07:00:00Z");  // winter time began the day before
}
