#include <algorithm>

#include "mappings/measure/assessment.hpp"

namespace baselined::mappings {

ImplementationStatus implementation_of(const MeasureDefinition& measure,
                                       const std::vector<ActionFigure>& actions,
                                       const std::vector<ActionFigure>& mapped_milestones,
                                       const Calendar& calendar, Instant now) {
    const auto is_past = [&](const std::optional<Day>& due) {
        return due && calendar.start_of(*due + date::days{1}) <= now;
    };
    const auto is_blocked = [](const ActionFigure& action) {
        return !action.closed && !action.blocked_by.empty();
    };
    const auto is_overdue = [&](const ActionFigure& action) {
        return !action.closed && action.due && *action.due < now;
    };
    const auto& milestones = measure.milestones;
    if (std::any_of(actions.begin(), actions.end(), is_blocked) ||
        std::any_of(measure.dependencies.begin(), measure.dependencies.end(),
                    [](const Dependency& d) { return !d.blocked_by.empty(); }))
        return ImplementationStatus::blocked;
    if (std::any_of(actions.begin(), actions.end(), is_overdue) ||
        std::any_of(mapped_milestones.begin(), mapped_milestones.end(), is_overdue) ||
        std::any_of(milestones.begin(), milestones.end(),
                    [&](const Milestone& m) { return !m.done && is_past(m.due); }))
        return ImplementationStatus::delayed;
    const auto is_closed = [](const ActionFigure& action) { return action.closed.has_value(); };
    const bool all_done = std::all_of(milestones.begin(), milestones.end(),
                                      [](const Milestone& m) { return m.done.has_value(); }) &&
                          std::all_of(mapped_milestones.begin(), mapped_milestones.end(), is_closed) &&
                          std::all_of(actions.begin(), actions.end(), is_closed);
    if (measure.stage && *measure.stage >= Stage::implemented && all_done) return ImplementationStatus::done;
    if (!measure.stage && milestones.empty() && mapped_milestones.empty() && actions.empty())
        return ImplementationStatus::unknown;
    return ImplementationStatus::on_track;
}

}  // namespace baselined::mappings
