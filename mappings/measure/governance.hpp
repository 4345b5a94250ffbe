// What a measure's governance says against it: adoption, evidence, actions, findings.
#pragma once

#include <vector>

#include "mappings/measure/assessment.hpp"

namespace baselined::mappings {

/// What is required, was due and has no URL: while it lacks, nothing is an actual saving (method.md,
/// "Money").
std::vector<Evidence> missing_evidence(const AssessmentInput& input);

/// A reason for each signal that the measure asks for and that is not as it should be.
std::vector<Reason> governance_reasons(const AssessmentInput& input);

}  // namespace baselined::mappings
