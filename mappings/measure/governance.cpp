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

/// In the unit of the adoption's indicator: 30 %, 4.5 hours, 12.
std::string spoken(double value, const std::string& unit) {
    if (unit == "ratio") return percent(value);
    const bool is_bare = unit.empty() || unit == "count" || unit == "number";
    return is_bare ? fmt::format("{:.4g}", value) : fmt::format("{:.4g} {}", value, unit);
}

/// Empty: it is not below its floor, or nobody knows.
std::string adoption_below_floor(const AdoptionSignal& signal, const AdoptionFigure& seen) {
    if (!seen.value || *seen.value >= signal.at_least) return {};
    const std::string floor = spoken(signal.at_least, seen.unit), at = spoken(*seen.value, seen.unit);
    return seen.is_newest
               ? fmt::format("Adoption ({}) is at {}, below its floor of {}.", signal.indicator.text, at,
                             floor)
               : fmt::format(
                     "Adoption ({}) was at {} in {}, below its floor of {}, and was not measured since.",
                     signal.indicator.text, at, seen.period, floor);
}

std::vector<Evidence> undated_evidence(const MeasureDefinition& measure) {
    std::vector<Evidence> undated;
    for (const Evidence& evidence : measure.evidence)
        if (evidence.url.empty() && !evidence.due) undated.push_back(evidence);
    return undated;
}

}  // namespace

bool is_actual_evident(const AssessmentInput& input) {
    const MeasureDefinition& measure = *input.measure;
    return !measure.signals.evidence_required ||
           (!measure.evidence.empty() && undated_evidence(measure).empty() &&
            missing_evidence(input).empty());
}

std::vector<Reason> governance_notes(const AssessmentInput& input) {
    std::vector<Reason> notes;
    const MeasureDefinition& measure = *input.measure;
    if (const auto& signal = measure.signals.adoption; signal && input.adoption &&
                                                       !input.adoption->is_newest &&
                                                       adoption_below_floor(*signal, *input.adoption).empty())
        notes.push_back({"adoption_unknown",
                         input.adoption->value
                             ? fmt::format("Adoption ({}) was not measured since {}; then it was at {}.",
                                           signal->indicator.text, input.adoption->period,
                                           spoken(*input.adoption->value, input.adoption->unit))
                             : fmt::format("Adoption ({}) was not measured since the measure began.",
                                           signal->indicator.text)});
    if (!measure.signals.evidence_required) return notes;
    if (measure.evidence.empty())
        notes.push_back({"evidence_open",
                         "Evidence is required and none is listed: no saving is claimed until it is there."});
    for (const Evidence& evidence : undated_evidence(measure))
        notes.push_back({"evidence_open", fmt::format("Evidence \"{}\" is required, has no date and is not "
                                                      "there: no saving is claimed until it is.",
                                                      evidence.name)});
    return notes;
}

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
    if (signals.adoption && input.adoption)
        if (std::string text = adoption_below_floor(*signals.adoption, *input.adoption); !text.empty())
            reasons.push_back({"adoption_low", std::move(text)});
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
