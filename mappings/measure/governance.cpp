#include "mappings/measure/governance.hpp"

#include <fmt/format.h>

namespace baselined::mappings {

namespace {

void add_overdue(const std::vector<ActionFigure>& items, Millis grace, Instant now, const char* code,
                 const char* what, std::vector<Reason>& reasons) {
    for (const ActionFigure& item : items)
        if (!item.closed && item.due && *item.due + grace < now)
            reasons.push_back(
                {code, fmt::format("{} {} is open past its date of {} and the grace after it.", what,
                                   item.number, format_rfc3339(*item.due).substr(0, 10))});
}

}  // namespace

std::vector<Evidence> missing_evidence(const AssessmentInput& input) {
    std::vector<Evidence> missing;
    if (!input.measure->signals.evidence_required) return missing;
    for (const Evidence& evidence : input.measure->evidence)
        if (evidence.url.empty() && evidence.due && input.calendar->end_of(*evidence.due) <= input.now)
            missing.push_back(evidence);
    return missing;
}

std::vector<Reason> governance_reasons(const AssessmentInput& input) {
    std::vector<Reason> reasons;
    const Signals& signals = input.measure->signals;
    if (signals.adoption && input.adoption && *input.adoption < signals.adoption->at_least)
        reasons.push_back(
            {"adoption_low",
             fmt::format("Adoption ({}) is at {}, below its floor of {}.", signals.adoption->indicator.text,
                         percent(*input.adoption), percent(signals.adoption->at_least))});
    for (const Evidence& evidence : missing_evidence(input))
        reasons.push_back(
            {"evidence_missing",
             fmt::format("Evidence \"{}\" was due on {} and is not there{}.", evidence.name,
                         format_day(*evidence.due),
                         input.measure->unit_value ? ": no saving is claimed until it is" : "")});
    if (signals.actions_grace)
        add_overdue(input.actions, *signals.actions_grace, input.now, "actions_overdue", "Action", reasons);
    if (signals.findings_grace)
        add_overdue(input.findings, *signals.findings_grace, input.now, "findings_open", "Audit finding",
                    reasons);
    return reasons;
}

}  // namespace baselined::mappings
