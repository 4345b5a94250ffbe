// What a measure's governance says against it: adoption, evidence, actions, findings.
#pragma once

#include <vector>

#include "mappings/measure/assessment.hpp"

namespace baselined::mappings {

/// What is required, was due and has no URL: while it lacks, nothing is an actual saving (method.md,
/// "Money").
std::vector<Evidence> missing_evidence(const AssessmentInput& input);

/// A saving is claimed only where the evidence is there: nothing required is missing, undated or not even
/// named.
bool is_actual_evident(const AssessmentInput& input);

/// What is not known of the signals that the measure asks for: said, and no weakening.
std::vector<Reason> governance_notes(const AssessmentInput& input);

/// A reason for each signal that the measure asks for and that is not as it should be.
std::vector<Reason> governance_reasons(const AssessmentInput& input);

}  // namespace baselined::mappings
