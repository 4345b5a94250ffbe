// A measure as a user wrote it (design.md, "Measure"): what somebody promised, to whom, and until when.
#pragma once

#include <date/date.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mappings/indicator/condition_definition.hpp"
#include "mappings/measure/plan.hpp"
#include "mappings/record/mark.hpp"

namespace baselined::mappings {

using Day = date::sys_days;  ///< a calendar day, read in the configured zone

struct Person {
    std::string name;
    std::string email;
    const date::time_zone* zone = nullptr;  ///< where this person works; null: the configured one
    friend bool operator==(const Person&, const Person&) = default;
};

/// Degree of Implementation, by number.
enum class Stage { defined, identified, detailed, decided, implemented, closed };

/// Either a window of periods, or a value that somebody states.
struct BaselineDefinition {
    std::optional<Day> from, to;  ///< both days included
    std::optional<double> value, n;
    Mark mark;
};

struct TargetDefinition {
    std::optional<double> change;  ///< relative to the reported baseline; -0.3 is a reduction by 30 %
    std::optional<double> value;
    std::optional<Day> from;  ///< absent: the day after the baseline's window (or the first period known)
    std::optional<Day> by;    ///< its day included
    int ramp = 1;             ///< periods until the full effect is expected
    Mark mark;
};

struct Milestone {
    std::string name;
    std::optional<Day> due, done;
};

struct AdoptionSignal {
    Scalar indicator;
    double at_least = 0;
};

struct Signals {
    std::optional<AdoptionSignal> adoption;
    bool evidence_required = false;
    std::optional<std::chrono::milliseconds> actions_grace, findings_grace;
};

struct Evidence {
    std::string name;
    std::optional<Day> due;
    std::string url;  ///< complete when there is one
};

struct Risk {
    std::string name;
    bool open = false;
};

struct Dependency {
    std::string name;
    std::string blocked_by;  ///< empty: nothing blocks it
};

struct Document {
    std::string name;
    std::string url;
};

struct MeasureDefinition {
    std::string id;
    std::string name;
    std::string programme;
    Person owner, sponsor, controller;
    Scalar indicator;
    ConditionDefinition where;
    PeriodLength period = PeriodLength::month;
    BaselineDefinition baseline;
    TargetDefinition target;
    std::optional<double>
        unit_value;  ///< what one avoided incident, hour, breach ... is worth, in `currency`
    std::string currency;
    std::optional<Stage> stage;
    std::vector<Milestone> milestones;
    Signals signals;
    std::vector<Evidence> evidence;
    std::vector<Risk> risks;
    std::vector<Dependency> dependencies;
    std::vector<Document> documents;
    Mark mark;
};

std::string_view name_of(Stage stage);

}  // namespace baselined::mappings
