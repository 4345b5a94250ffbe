// Whether somebody is told about a measure now, and why: one pure decision for mails and webhooks alike.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "mappings/measure/assessment.hpp"

namespace baselined::mappings {

/// What there is to tell of a measure. `silent`: a source that it hangs on is silent or not read yet; that is
/// told of the source, and nothing is known of the measure.
enum class Standing { clear, weakening, off_track, unknown, definition_changed, silent };
std::string_view name_of(Standing standing);
std::optional<Standing> standing_named(std::string_view name);
Standing standing_of(const Assessment& assessment);
/// Of a status alone: why it is unknown is not asked.
Standing standing_of(PotentialStatus status);

/// From the first telling until it is clear again.
struct Episode {
    Standing standing = Standing::clear;  ///< what those who were told take the measure for
    std::optional<Instant> first_told, last_told;
    friend bool operator==(const Episode&, const Episode&) = default;
};

struct AlertInput {
    Episode before;
    Standing standing = Standing::clear;
    bool was_known = false;  ///< it has had another status than unknown
    bool is_closed = false;  ///< DoI 5
    /// The first instants at which they hold no longer; of several silences the last.
    std::optional<Instant> ack_ends, silence_ends;
    std::vector<Millis> repeat;  ///< since the first telling, ascending; the last one goes on
    Instant now;
};

enum class AlertAction { nothing, hold, notify, remind, escalate, resolve };
enum class AlertReason {
    is_clear,
    told_already,
    never_known,
    turned_weakening,
    turned_off_track,
    turned_unknown,
    definition_changed,
    relapsed,  ///< weakening again after its closure
    cleared,
    reminder_due,
    ack_ended,
    silence_ended,
};
/// What keeps a telling back.
enum class Hold { nothing, silenced, acknowledged, source_silent };
std::string_view name_of(AlertAction action);
std::string_view name_of(AlertReason reason);
std::string_view name_of(Hold hold);

struct AlertDecision {
    AlertAction action = AlertAction::nothing;
    AlertReason reason = AlertReason::is_clear;  ///< of what is held back, when it is held
    Hold hold = Hold::nothing;
    Episode after;
    bool lifts_ack = false;  ///< it got worse than what was acknowledged
};

AlertDecision decide(const AlertInput& input);

}  // namespace baselined::mappings
