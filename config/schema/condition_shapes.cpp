#include "config/schema/tables.hpp"
#include "mappings/record/kind.hpp"

namespace baselined::config::schema {

namespace {

Shape kind() {
    return word({mappings::kind_names().begin(), mappings::kind_names().end()});
}

NamedShape condition() {
    Shape shape = names_of("field", "field test");
    shape.keys = {
        {"any", list_of("condition"), "One of them has to hold.", optional},
        {"all", list_of("condition"), "All of them have to hold.", optional},
        {"not", "condition", "It must not hold.", optional},
        {"recurs", "recurs",
         "Another record of the kind and source, in the indicator's own `where`, was there shortly before.",
         optional},
        {"named_by", "named_by", "A record that is not cancelled names this one.", optional},
        {"followed_by", "followed_by", "A record of a kind was placed shortly after this one.", optional},
    };
    return {"condition", "Fields and what they are compared with; several mean all of them.", shape};
}

}  // namespace

std::vector<NamedShape> condition_shapes() {
    return {
        condition(),
        {"field test",
         "A value, a list that means any of, or comparisons. Every comparison with an empty field is false, "
         "except `empty: true`.",
         one_of({"text", list_of("text"), "comparison"})},
        {"comparison", "All that are named have to hold.",
         map({
             {"not", some_of("text"), "Is none of these; holds for an empty field.", optional},
             {"above", "text", "A number.", optional},
             {"at_least", "text", "A number.", optional},
             {"below", "text", "A number.", optional},
             {"at_most", "text", "A number.", optional},
             {"before", "text", "A day or timestamp.", optional},
             {"after", "text", "A day or timestamp.", optional},
             {"matches", "text", "A regular expression (RE2) that is found in it.", optional},
             {"empty", "boolean", "Whether the field is empty.", optional},
         })},
        {"recurs", "Whether something happened again.",
         map({
             {"by", some_of("field"), "Fields that are present and equal in both.", required},
             {"within", "duration", "How long before this record the other one was placed at most.",
              required},
         })},
        {"named_by", "Whether another record names this one.",
         map({
             {"kind", kind(), "Of the other record.", required},
             {"in", "field", "Its field with this record's number or id.", required},
         })},
        {"followed_by", "Whether something came after.",
         map({
             {"kind", kind(), "Of the other record.", required},
             {"same", some_of("field"), "Fields that are present and equal in both.", required},
             {"within", "duration", "How long after this record's `at` at most.", required},
         })},
    };
}

}  // namespace baselined::config::schema
