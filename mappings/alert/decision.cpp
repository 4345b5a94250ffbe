#include "mappings/alert/decision.hpp"

#include <algorithm>
#include <array>

namespace baselined::mappings {

namespace {

constexpr std::array<std::string_view, 6> standing_names{"clear",   "weakening",          "off_track",
                                                         "unknown", "definition_changed", "silent"};

bool is_worsening(Standing standing) {
    return standing == Standing::weakening || standing == Standing::off_track;
}

/// The newest reminder that is due, told or not: several overdue ones are one.
std::optional<Instant> newest_reminder(Instant first_told, const std::vector<Millis>& repeat, Instant now) {
    const Millis elapsed = now - first_told;
    if (repeat.empty() || elapsed < repeat.front()) return std::nullopt;
    if (elapsed >= repeat.back()) return first_told + repeat.back() * (elapsed / repeat.back());
    const auto next = std::upper_bound(repeat.begin(), repeat.end(), elapsed);
    return first_told + *(next - 1);
}

class Deciding {
  public:
    explicit Deciding(const AlertInput& input) : in_(input) {}

    AlertDecision run() const {
        if (in_.standing == Standing::silent)
            return {AlertAction::hold, AlertReason::told_already, Hold::source_silent, in_.before, false};
        AlertDecision due = due_now();
        const bool is_told = due.action != AlertAction::nothing;
        if (is_told && in_.silence_ends && in_.silence_ends > in_.now) return held(due, Hold::silenced);
        if (due.action == AlertAction::remind && in_.ack_ends && in_.ack_ends > in_.now)
            return held(due, Hold::acknowledged);
        return due;
    }

  private:
    /// What would be told if nothing held it back.
    [[nodiscard]] AlertDecision due_now() const {
        const Standing before = in_.before.standing;
        switch (in_.standing) {
            case Standing::clear:
                if (before == Standing::clear) return nothing(AlertReason::is_clear);
                return {AlertAction::resolve, AlertReason::cleared, Hold::nothing, {}, false};
            case Standing::unknown:
                if (before == Standing::unknown) return nothing(AlertReason::told_already);
                if (!in_.was_known) return nothing(AlertReason::never_known);
                return begin(AlertReason::turned_unknown);
            case Standing::definition_changed:
                if (before == in_.standing) return nothing(AlertReason::told_already);
                return begin(AlertReason::definition_changed);
            default:
                break;
        }
        if (!is_worsening(before)) {
            AlertDecision told = begin(in_.is_closed                         ? AlertReason::relapsed
                                       : in_.standing == Standing::off_track ? AlertReason::turned_off_track
                                                                             : AlertReason::turned_weakening);
            told.lifts_ack = true;
            return told;
        }
        if (in_.standing == Standing::off_track && before == Standing::weakening) {
            AlertDecision told = again(AlertAction::escalate, AlertReason::turned_off_track);
            told.lifts_ack = true;
            return told;
        }
        return reminder();
    }

    [[nodiscard]] AlertDecision reminder() const {
        if (ended_since_told(in_.silence_ends)) return again(AlertAction::remind, AlertReason::silence_ended);
        if (ended_since_told(in_.ack_ends)) return again(AlertAction::remind, AlertReason::ack_ended);
        const auto due = newest_reminder(*in_.before.first_told, in_.repeat, in_.now);
        if (due && *due > *in_.before.last_told) return again(AlertAction::remind, AlertReason::reminder_due);
        return nothing(AlertReason::told_already);
    }

    [[nodiscard]] bool ended_since_told(const std::optional<Instant>& end) const {
        return end && *end <= in_.now && *end > *in_.before.last_told;
    }

    [[nodiscard]] AlertDecision nothing(AlertReason reason) const {
        return {AlertAction::nothing, reason, Hold::nothing, eased(), false};
    }
    [[nodiscard]] AlertDecision begin(AlertReason reason) const {
        return {AlertAction::notify, reason, Hold::nothing, {in_.standing, in_.now, in_.now}, false};
    }
    [[nodiscard]] AlertDecision again(AlertAction action, AlertReason reason) const {
        return {action, reason, Hold::nothing, {in_.standing, in_.before.first_told, in_.now}, false};
    }
    [[nodiscard]] AlertDecision held(const AlertDecision& due, Hold by) const {
        return {AlertAction::hold, due.reason, by, eased(), false};
    }

    /// From off_track back to weakening is not told, but turning off_track once more will be.
    [[nodiscard]] Episode eased() const {
        Episode episode = in_.before;
        if (in_.standing == Standing::weakening && episode.standing == Standing::off_track)
            episode.standing = Standing::weakening;
        return episode;
    }

    const AlertInput& in_;
};

}  // namespace

AlertDecision decide(const AlertInput& input) {
    return Deciding(input).run();
}

Standing standing_of(PotentialStatus status) {
    constexpr std::array standings{Standing::clear, Standing::weakening, Standing::off_track,
                                   Standing::unknown};
    return standings[static_cast<std::size_t>(status)];
}

Standing standing_of(const Assessment& assessment) {
    const auto has = [&](std::string_view code) {
        return std::any_of(assessment.reasons.begin(), assessment.reasons.end(),
                           [&](const Reason& reason) { return reason.code == code; });
    };
    if (assessment.potential != PotentialStatus::unknown) return standing_of(assessment.potential);
    if (has("definition_changed")) return Standing::definition_changed;
    return has("stale") || has("no_data") ? Standing::silent : Standing::unknown;
}

std::string_view name_of(Standing standing) {
    return standing_names[static_cast<std::size_t>(standing)];
}

std::optional<Standing> standing_named(std::string_view name) {
    const auto found = std::find(standing_names.begin(), standing_names.end(), name);
    if (found == standing_names.end()) return std::nullopt;
    return static_cast<Standing>(found - standing_names.begin());
}

std::string_view name_of(AlertAction action) {
    constexpr std::array<std::string_view, 6> names{"nothing", "hold",     "notify",
                                                    "remind",  "escalate", "resolve"};
    return names[static_cast<std::size_t>(action)];
}

std::string_view name_of(AlertReason reason) {
    constexpr std::array<std::string_view, 12> names{
        "is_clear",         "told_already",   "never_known",        "turned_weakening",
        "turned_off_track", "turned_unknown", "definition_changed", "relapsed",
        "cleared",          "reminder_due",   "ack_ended",          "silence_ended"};
    return names[static_cast<std::size_t>(reason)];
}

std::string_view name_of(Hold hold) {
    constexpr std::array<std::string_view, 4> names{"nothing", "silenced", "acknowledged", "source_silent"};
    return names[static_cast<std::size_t>(hold)];
}

}  // namespace baselined::mappings
