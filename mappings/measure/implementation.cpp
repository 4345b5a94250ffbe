#include <fmt/format.h>

#include <algorithm>

#include "mappings/measure/assessment.hpp"

namespace baselined::mappings {

namespace {

class Judging {
  public:
    Judging(const MeasureDefinition& measure, const std::vector<ActionFigure>& actions,
            const std::vector<ActionFigure>& mapped_milestones, const Calendar& calendar, Instant now)
        : measure_(measure), actions_(actions), mapped_(mapped_milestones), calendar_(calendar), now_(now) {}

    Implementation run() {
        find_blocked();
        if (!out_.reasons.empty()) return ended(ImplementationStatus::blocked);
        find_late();
        if (!out_.reasons.empty()) return ended(ImplementationStatus::delayed);
        if (measure_.stage && *measure_.stage >= Stage::implemented && all_done())
            return ended(ImplementationStatus::done);
        const bool is_known =
            measure_.stage || !measure_.milestones.empty() || !mapped_.empty() || !actions_.empty();
        return ended(is_known ? ImplementationStatus::on_track : ImplementationStatus::unknown);
    }

  private:
    Implementation ended(ImplementationStatus status) {
        out_.status = status;
        return std::move(out_);
    }
    void cause(const char* code, std::string text) { out_.reasons.push_back({code, std::move(text)}); }

    void find_blocked() {
        for (const ActionFigure& action : actions_)
            if (!action.closed && !action.blocked_by.empty())
                cause("action_blocked", fmt::format("The work is blocked: action {} waits for {}.",
                                                    action.number, action.blocked_by));
        for (const Dependency& dependency : measure_.dependencies)
            if (!dependency.blocked_by.empty())
                cause("dependency_blocked", fmt::format("The work is blocked: \"{}\" waits for {}.",
                                                        dependency.name, dependency.blocked_by));
    }

    void find_late() {
        for (const Milestone& milestone : measure_.milestones)
            if (!is_done(milestone) && milestone.due && calendar_.end_of(*milestone.due) <= now_)
                cause("milestone_overdue",
                      fmt::format("The work is delayed: milestone \"{}\" was due on {} and is not done{}.",
                                  milestone.name, format_day(*milestone.due),
                                  milestone.done ? " before " + format_day(*milestone.done) : ""));
        add_overdue(mapped_, "milestone_overdue", "milestone");
        add_overdue(actions_, "action_overdue", "action");
    }

    void add_overdue(const std::vector<ActionFigure>& items, const char* code, const char* what) {
        for (const ActionFigure& item : items)
            if (!item.closed && item.due && *item.due < now_)
                cause(code, fmt::format("The work is delayed: {} {} was due on {} and is open.", what,
                                        item.number, format_day(calendar_.day_of(*item.due))));
    }

    [[nodiscard]] bool is_done(const Milestone& milestone) const {
        return milestone.done && calendar_.start_of(*milestone.done) <= now_;
    }

    [[nodiscard]] bool all_done() const {
        const auto is_closed = [](const ActionFigure& item) { return item.closed.has_value(); };
        return std::all_of(measure_.milestones.begin(), measure_.milestones.end(),
                           [&](const Milestone& milestone) { return is_done(milestone); }) &&
               std::all_of(mapped_.begin(), mapped_.end(), is_closed) &&
               std::all_of(actions_.begin(), actions_.end(), is_closed);
    }

    const MeasureDefinition& measure_;
    const std::vector<ActionFigure>&actions_, &mapped_;
    const Calendar& calendar_;
    Instant now_;
    Implementation out_;
};

}  // namespace

Implementation implementation_of(const MeasureDefinition& measure, const std::vector<ActionFigure>& actions,
                                 const std::vector<ActionFigure>& mapped_milestones, const Calendar& calendar,
                                 Instant now) {
    return Judging(measure, actions, mapped_milestones, calendar, now).run();
}

}  // namespace baselined::mappings
