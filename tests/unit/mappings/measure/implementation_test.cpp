// Implementation Status as the contract says it: blocked, delayed, done, unknown, else on track.
#include "mappings/measure/assessment.hpp"
#include "tests/support/catch.hpp"

using namespace baselined::mappings;

namespace {

const Instant now = *parse_rfc3339("2026-06-15T12:00:00Z");

Day day(int month, unsigned number) {
    return date::sys_days{date::year{2026} / month / static_cast<int>(number)};
}

struct Case {
    MeasureDefinition measure;
    std::vector<ActionFigure> actions, milestones;

    [[nodiscard]] std::string status() const {
        const Calendar calendar(find_zone("UTC"), PeriodLength::month);
        return std::string(name_of(implementation_of(measure, actions, milestones, calendar, now)));
    }
};

ActionFigure action(const char* due, const char* closed, const char* blocked_by = "") {
    return {"A", parse_rfc3339(due), parse_rfc3339(closed), blocked_by};
}

}  // namespace

TEST_CASE("nothing to judge by is unknown, a stage alone is on track") {
    Case one;
    CHECK(one.status() == "unknown");
    one.measure.stage = Stage::decided;
    CHECK(one.status() == "on_track");
    one.measure.stage = Stage::implemented;
    CHECK(one.status() == "done");
}

TEST_CASE("a milestone is overdue when its day is over") {
    Case one;
    one.measure.milestones = {{"a", day(6, 15), {}}};
    CHECK(one.status() == "on_track");
    one.measure.milestones = {{"a", day(6, 14), {}}};
    CHECK(one.status() == "delayed");
    one.measure.milestones = {{"a", day(6, 14), day(6, 20)}};
    CHECK(one.status() == "on_track");
    one.measure.stage = Stage::closed;
    CHECK(one.status() == "done");
}

TEST_CASE("overdue actions and mapped milestones delay, closed ones do not") {
    Case one;
    one.actions = {action("2026-06-15T11:59:59Z", "")};
    CHECK(one.status() == "delayed");
    one.actions = {action("2026-06-15T11:59:59Z", "2026-06-15T12:00:00Z")};
    CHECK(one.status() == "on_track");
    one.milestones = {action("2026-06-01T00:00:00Z", "")};
    CHECK(one.status() == "delayed");
    one.milestones = {action("2026-07-01T00:00:00Z", "")};
    one.measure.stage = Stage::implemented;
    CHECK(one.status() == "on_track");
}

TEST_CASE("what names its blocker goes before what is late") {
    Case one;
    one.actions = {action("2026-06-01T00:00:00Z", "", "CHG1"), action("2026-06-01T00:00:00Z", "")};
    CHECK(one.status() == "blocked");
    one.actions = {action("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z", "CHG1")};
    CHECK(one.status() == "on_track");
    one.measure.dependencies = {{"CMDB", "CHG2"}};
    CHECK(one.status() == "blocked");
    one.measure.dependencies = {{"CMDB", ""}};
    CHECK(one.status() == "on_track");
}
