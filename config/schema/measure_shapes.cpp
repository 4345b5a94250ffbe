#include "config/schema/tables.hpp"
#include "mappings/measure/definition.hpp"

namespace baselined::config::schema {

namespace {

Shape period() {
    return word({"day", "week", "month", "quarter"});
}

Shape grace(const char* about) {
    return map({{"grace", "duration", about, otherwise("0s")}});
}

NamedShape measure() {
    return {"measure", "What somebody promised.",
            map({
                {"id", "line", "Its name for commands and records, used once.", required},
                {"name", "line", "What people call it.", otherwise_words("its id")},
                {"programme", "line", "What it belongs to.", optional},
                {"owner", "person", "Who promised it, and is told when its value weakens.", optional},
                {"sponsor", "person", "Who is told, by default, when it is off track.", optional},
                {"controller", "person", "Who confirms savings.", optional},
                {"indicator", "indicator name", "What is measured.", required},
                {"where", "condition",
                 "The records that it is measured in; what they are compared with stays all.",
                 otherwise_words("all")},
                {"period", period(), "How time is cut; weeks are ISO weeks.",
                 otherwise(std::string(mappings::name_of(mappings::MeasureDefinition{}.period)))},
                {"baseline", "baseline", "Where it starts from.", required},
                {"target", "target", "What was promised.", required},
                {"unit_value", "unit value",
                 "What one avoided incident, hour, breach ... is worth. Of an indicator in days, too, it is "
                 "one hour: a day is 24 of them.",
                 optional},
                {"stage", word({"defined", "identified", "detailed", "decided", "implemented", "closed"}),
                 "The Degree of Implementation it begins with.", optional},
                {"milestones", list_of("milestone"), "What the work passes, and when.", optional},
                {"signals", "signals", "What else weakens the Potential Status.", optional},
                {"evidence", list_of("evidence"), "What proves it.", optional},
                {"risks", list_of("risk"), "What may go wrong.", optional},
                {"dependencies", list_of("dependency"), "What it hangs on.", optional},
                {"documents", list_of("document"), "What belongs to it.", optional},
            })};
}

std::vector<NamedShape> promise() {
    return {
        {"person", "A name and how to reach it.",
         map({
             {"name", "line", "The name.", optional},
             {"email", "email", "The address; without it nobody is told.", optional},
             {"timezone", "time zone", "Where the person works, for quiet hours.",
              otherwise_words("that of the main file")},
         })},
        {"baseline", "Either a window of periods in the past, or a stated value.",
         map(
             {
                 {"from", "day", "The window's first day.", optional},
                 {"to", "day", "Its last day, included.", optional},
                 {"value", "number", "A value that somebody states.", optional},
                 {"n", "number",
                  "How well it is known. Of a share, ratio or mean how many cases a period has: by them "
                  "money is counted, so write a month's, not a year's, where `period` is a month. Of a "
                  "count or backlog how many periods the value was taken from.",
                  optional},
             },
             {exactly_one({{"from", "to"}, {"value", "n"}})})},
        {"target", "Either a change of the baseline's value, or a value.",
         map(
             {
                 {"change", "relative change", "Of the baseline's value, for the better.", optional},
                 {"value", "number", "The value to be reached.", optional},
                 {"from", "day", "When the effect begins.",
                  otherwise_words("the day after the baseline's window")},
                 {"ramp", "integer", "After how many periods the full effect is expected.",
                  otherwise(std::to_string(mappings::TargetDefinition{}.ramp))},
                 {"by", "day", "The day by which it has to be reached, included.",
                  otherwise_words("when the ramp is complete")},
             },
             {exactly_one({{"change"}, {"value"}})})},
        {"unit value", "Money a unit: a case of what is counted; an hour of what is in hours or days.",
         map({
             {"amount", "number", "How much.", required},
             {"currency", "currency", "In what.", required},
         })},
    };
}

std::vector<NamedShape> governance() {
    return {
        {"milestone", "A milestone. Overdue ones delay the Implementation Status.",
         map({
             {"name", "line", "What is reached.", optional},
             {"due", "day", "When it should be.", optional},
             {"done", "day", "When it was.", optional},
         })},
        {"signals", "What else weakens the Potential Status.",
         map({
             {"adoption",
              map({
                  {"indicator", "indicator name", "What shows the adoption.", required},
                  {"at_least", "number", "Less than this weakens.", otherwise("0")},
              }),
              "Whether what was introduced is used. It is measured whatever the measure's `where` says.",
              optional},
             {"evidence", word({"required"}), "Overdue evidence without `url` weakens.", optional},
             {"actions", grace("How long an action may be overdue."), "Overdue actions weaken.", optional},
             {"findings", grace("How long a finding may be overdue."), "Overdue findings weaken.", optional},
         })},
        {"evidence", "A piece of evidence; complete when it has a `url`.",
         map({
             {"name", "line", "What it is.", optional},
             {"due", "day", "When it is needed.", optional},
             {"url", "line", "Where it is.", optional},
         })},
        {"risk", "A risk.",
         map({
             {"name", "line", "What may happen.", optional},
             {"open", "boolean", "Whether it still may.", otherwise("true")},
         })},
        {"dependency", "Something it hangs on; blocked where `blocked_by` names what blocks it.",
         map({
             {"name", "line", "What it is.", optional},
             {"blocked_by", "line", "What blocks it.", optional},
         })},
        {"document", "A document.",
         map({
             {"name", "line", "What it is.", optional},
             {"url", "line", "Where it is.", optional},
         })},
    };
}

}  // namespace

std::vector<NamedShape> measure_shapes() {
    std::vector<NamedShape> shapes{
        {"measures", "A file with measures.",
         map({{"measures", one_of({list_of("measure"), "nothing"}), "The measures.", required}})},
        measure()};
    for (const auto& part : {promise(), governance()}) shapes.insert(shapes.end(), part.begin(), part.end());
    return shapes;
}

}  // namespace baselined::config::schema
