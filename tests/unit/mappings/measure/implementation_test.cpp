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
        return std::string(name_of(implementation_of(measure, actions, milestones, calendar, now).status));
    }
    /// "code: sentence", one a line.
    [[nodiscard]] std::string reasons() const {
        const Calendar calendar(find_zone("UTC"), PeriodLength::month);
        std::string lines;
        for (const auto& [code, text] :
             implementation_of(measure, actions, milestones, calendar, now).reasons)
            lines += code + ": " + text + "\n";
        return lines;
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
    one.measure.milestones = {{"a", day(6, 14), day(6, 15)}};
    CHECK(one.status() == "on_track");
    one.measure.stage = Stage::closed;
    CHECK(one.status() == "done");
}

TEST_CASE("a milestone that is done on a day to come is open until then") {
    Case one;
    one.measure.stage = Stage::implemented;
    one.measure.milestones = {{"a", day(6, 14), day(6, 16)}};
    CHECK(one.status() == "delayed");
    CHECK(one.reasons() ==
          "milestone_overdue: The work is delayed: milestone \"a\" was due on 2026-06-14 and is not done "
          "before "
          "2026-06-16.\n");
    one.measure.milestones = {{"a", day(6, 16), day(6, 16)}};
    CHECK(one.status() == "on_track");
}

TEST_CASE("each cause of a status is a reason, and only those of that status") {
    Case one;
    one.actions = {action("2026-06-01T00:00:00Z", "", "CHG1"), action("2026-06-02T00:00:00Z", "")};
    one.measure.dependencies = {{"CMDB clean-up", "CHG2"}, {"Licences", ""}};
    one.measure.milestones = {{"Root causes known", day(6, 1), {}}};
    CHECK(one.reasons() ==
          "action_blocked: The work is blocked: action A waits for CHG1.\n"
          "dependency_blocked: The work is blocked: \"CMDB clean-up\" waits for CHG2.\n");
    one.actions.erase(one.actions.begin());
    one.measure.dependencies.clear();
    one.milestones = {action("2026-06-03T00:00:00Z", "")};
    CHECK(one.reasons() ==
          "milestone_overdue: The work is delayed: milestone \"Root causes known\" was due on 2026-06-01 and "
          "is "
          "not done.\n"
          "milestone_overdue: The work is delayed: milestone A was due on 2026-06-03 and is open.\n"
          "action_overdue: The work is delayed: action A was due on 2026-06-02 and is open.\n");
    CHECK(Case{}.reasons().empty());
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
