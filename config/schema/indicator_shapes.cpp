#include "config/schema/tables.hpp"
#include "mappings/record/kind.hpp"

namespace baselined::config::schema {

namespace {

Shape kind() {
    return word({mappings::kind_names().begin(), mappings::kind_names().end()});
}

NamedShape indicator() {
    return {
        "indicator", "A number per period, made from records of one kind: exactly one form, from `count` on.",
        map(
            {
                {"title", "line", "What people call it.", name_above},
                {"version", "integer", "Of the definition, shown with each figure.", otherwise("1")},
                {"kind", kind(), "Of the records.", required},
                {"at", "field",
                 "The timestamp that places a record in a period; backlog, age, uptime and snapshot have "
                 "none, the others need it.",
                 optional},
                {"where", "condition", "Which records count.", otherwise_words("all")},
                {"unit", one_of({word({"ratio", "hours", "days", "count", "number"}), "currency"}),
                 "What the figure is in.",
                 otherwise_words("hours of spans, ratio of shares and ratios, else count or number")},
                {"better", word({"lower", "higher"}), "Which direction is an improvement.",
                 otherwise("lower")},
                {"count", word({"all"}), "How many records.", optional},
                {"share", "condition", "The share of the records for which this holds.", optional},
                {"sum", "quantity", "The sum.", optional},
                {"mean", "quantity", "The mean of those that have a value.", optional},
                {"median", "quantity", "The median of those that have a value.", optional},
                {"percentile", "percentile", "A percentile, linear between ranks.", optional},
                {"backlog", "span", "How many are open when the period ends.", optional},
                {"age", "span", "The mean age of what is open when the period ends.", optional},
                {"ratio", map({{"over", "indicator name", "Another indicator.", required}}),
                 "How many records, over another indicator's count.", optional},
                {"uptime", "span", "1 less the union of the spans, over the period's length.", optional},
                {"snapshot", "condition",
                 "The share of the records present when a period ends, by what was known then; taken once "
                 "and kept.",
                 optional},
            },
            // Those without `at` state what is open or there, not what happened in a period.
            {exactly_one({{"count", "at"},
                          {"share", "at"},
                          {"sum", "at"},
                          {"mean", "at"},
                          {"median", "at"},
                          {"percentile", "at"},
                          {"ratio", "at"},
                          {"backlog"},
                          {"age"},
                          {"uptime"},
                          {"snapshot"}})})};
}

}  // namespace

std::vector<NamedShape> indicator_shapes() {
    return {
        {"indicators", "A file with indicators of your own.",
         map({{"indicators", one_of({names_of("name", "indicator"), "nothing"}),
               "The indicators, by their names.", required}})},
        indicator(),
        {"quantity", "A field, or a span of time between two.", one_of({"field", "span"})},
        {"span", "From one timestamp to another.",
         map({
             {"from", "field", "Where it begins.", required},
             {"to", "field", "Where it ends.", required},
             {"at_least", "number",
              "Raises smaller spans to it, in hours, or days with `unit: days`; without it negative spans "
              "count.",
              optional},
         })},
        {"percentile", "Which percentile, of what.",
         map({
             {"of", "quantity", "A field or a span.", required},
             {"p", "number", "0 to 100.", required},
         })},
    };
}

}  // namespace baselined::config::schema
