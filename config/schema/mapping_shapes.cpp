#include "config/schema/tables.hpp"
#include "mappings/mapping/compiled_mapping.hpp"
#include "mappings/record/kind.hpp"

namespace baselined::config::schema {

namespace {

Shape kind() {
    return word({mappings::kind_names().begin(), mappings::kind_names().end()});
}

NamedShape rule() {
    return {
        "rule", "Where a field's value comes from, and what becomes of it.",
        map(
            {
                {"from", "origins", "The column or path. Of several the first that is not empty is taken.",
                 optional},
                {"join", "origins",
                 "Columns or paths whose texts are glued together; where one is empty there is no value.",
                 optional},
                {"with", "text", "What stands between joined texts.", otherwise_words("nothing")},
                {"value", "text", "The same value for every record.", optional},
                {"field", "text", "A field of Jira's, by its name.", optional},
                {"link", "text", "An issue link of Jira's, by its inward or outward phrase.", optional},
                {"path", "text", "Walks on from `field` or `link`.", optional},
                {"as", word(mappings::as_names()), "The type.",
                 otherwise_words("that of the field, else text")},
                {"format", "text",
                 "Of a timestamp, like \"%d/%m/%Y %H:%M\"; %z is an offset, %s alone seconds since 1970.",
                 otherwise_words("ISO 8601, ServiceNow's, Jira's, a date cell or epoch milliseconds")},
                {"timezone", "time zone", "Of a timestamp without an offset.",
                 otherwise_words("the source's")},
                {"decimal", "text", "The decimal sign of a number.", otherwise(".")},
                {"group", "text", "The sign between a number's thousands.", otherwise_words("none")},
                {"match", "text", "A regular expression (RE2); its first group becomes the value.", optional},
                {"map", names_of("value", "text"), "What each value of the source means.", optional},
                {"otherwise", "text", "What a value means that `map` does not name.", optional},
            },
            {at_least_one({{"from"}, {"join"}, {"value"}, {"field"}, {"link"}})})};
}

}  // namespace

std::vector<NamedShape> mapping_shapes() {
    return {
        {"mapping", "A mapping file: how a source's rows become records of one kind.",
         map({
             {"kind", kind(), "What the records are.", required},
             {"id", "value", "What tells records apart, within source and kind.", required},
             {"number", "value", "What people call the record.", optional},
             {"updated_at", "value",
              "When it changed last: of two versions the newer wins. Without it the one that was read last; "
              "files that are found together are read in the order of their names.",
              optional},
             {"empty", some_of("text"), "Texts that mean: no value. \"\" always does.", optional},
             {"fields", one_of({names_of("field", "value", {"id", "number", "updated_at"}), "nothing"}),
              "The kind's other fields, and attributes of your own, by their names.", optional},
             {"each", "text", "Of Jira: makes one record per element of this array; `$.` reaches the issue.",
              optional},
             {"skip", "condition",
              "Rows that are no record, by what their mapped fields say; days are in the source's time zone.",
              optional},
             {"tests", list_of("mapping test"),
              "What rows have to become; `baselined check` tries them, times without an offset in UTC.",
              optional},
         })},
        {"value", "A column or path, several of them, or a rule.",
         one_of({"text", list_of("origin"), "rule"})},
        rule(),
        {"origins", "A column or path, or several.", one_of({"text", "named origin", list_of("origin")})},
        {"origin", "A column, a path like fields.components[0].name, or one of Jira's fields or links.",
         one_of({"text", "named origin"})},
        {"named origin", "One of Jira's fields or links.",
         map(
             {
                 {"field", "text", "A field's name.", optional},
                 {"link", "text", "A link's inward or outward phrase.", optional},
                 {"path", "text", "Walks on from there.", optional},
             },
             {at_least_one({{"field"}, {"link"}})})},
        {"mapping test", "A row, and what it has to become.",
         map({
             {"given", names_of("column", Shape{}), "The row.", required},
             {"expect", one_of({"expected record", list_of("expected record")}),
              "Its record; with `each` a list of them. Fields that are not named are not looked at.",
              required},
         })},
        {"expected record", "Fields and their values, `skipped` or `rejected`.",
         one_of({word({"skipped", "rejected"}),
                 names_of("field", one_of({"text", list_of("text"), "nothing"}))})},
    };
}

}  // namespace baselined::config::schema
