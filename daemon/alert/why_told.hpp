// Why a measure's owner is told: as which kind of notice, and in which words.
#pragma once

#include <string>

#include "daemon/app/evaluation.hpp"
#include "daemon/notify/notice.hpp"
#include "daemon/store/alerts.hpp"
#include "mappings/alert/decision.hpp"

namespace baselined::daemon {

NoticeKind kind_of(const mappings::AlertDecision& decision);

/// A decision and what it was made of; the ack and the silence, where the decision speaks of them.
struct TellingCause {
    const MeasureView& view;
    const mappings::AlertDecision& decision;
    const mappings::Episode& episode;  ///< as it was before
    const StoredHold* ack;
    const StoredHold* silence;
    const mappings::Calendar& calendar;  ///< of days
};
/// Half a sentence: "it turned weakening".
std::string why_told(const TellingCause& cause);

}  // namespace baselined::daemon
