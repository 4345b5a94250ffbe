#include "daemon/alert/why_told.hpp"

#include <fmt/format.h>

#include "daemon/notify/wording.hpp"

namespace baselined::daemon {

using mappings::AlertReason;

NoticeKind kind_of(const mappings::AlertDecision& decision) {
    switch (decision.reason) {
        case AlertReason::turned_weakening:
            return NoticeKind::weakening;
        case AlertReason::turned_off_track:
            return NoticeKind::off_track;
        case AlertReason::turned_unknown:
            return NoticeKind::unknown;
        case AlertReason::definition_changed:
            return NoticeKind::definition_changed;
        case AlertReason::relapsed:
            return NoticeKind::relapse;
        case AlertReason::cleared:
            return NoticeKind::resolved;
        default:
            return NoticeKind::reminder;
    }
}

std::string why_told(const TellingCause& cause) {
    const auto& [view, decision, episode, ack, silence, calendar] = cause;
    const std::string status = spoken(name_of(view.assessment.potential));
    const auto day = [&calendar = calendar](Instant at) { return mappings::spoken_day(calendar.day_of(at)); };
    const std::string since = episode.first_told ? day(*episode.first_told) : "";
    switch (decision.reason) {
        case AlertReason::turned_weakening:
            return "it turned weakening";
        case AlertReason::turned_off_track:
            return decision.action == mappings::AlertAction::escalate
                       ? fmt::format("it turned off track; first told on {}", since)
                       : "it turned off track";
        case AlertReason::turned_unknown:
            return view.assessment.reasons.empty() ? "nothing can be said of it any more"
                                                   : view.assessment.reasons.front().text;
        case AlertReason::definition_changed:
            return "its definition or mapping changed since the baseline was frozen";
        case AlertReason::relapsed:
            return fmt::format("{} again after its closure", status);
        case AlertReason::cleared:
            if (episode.standing == mappings::Standing::definition_changed)
                return fmt::format(
                    "its definition is the one again that the baseline was frozen with; first told on {}",
                    since);
            return fmt::format("it is on track again; first told on {}", since);
        case AlertReason::ack_ended:
            return fmt::format("{} since {}; the acknowledgement by {} ended on {}", status, since, ack->by,
                               mappings::spoken_day(ack->until));
        case AlertReason::silence_ended:
            return fmt::format("{} since {}; the silence by {} ended on {}", status, since, silence->by,
                               mappings::spoken_day(silence->until));
        default:
            return fmt::format("{} since {}; last told on {}", status, since, day(*episode.last_told));
    }
}

}  // namespace baselined::daemon
