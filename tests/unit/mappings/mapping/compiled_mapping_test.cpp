#include "mappings/mapping/compiled_mapping.hpp"

#include <fmt/format.h>

#include "mappings/record/utf8.hpp"
#include "tests/support/catch.hpp"

using namespace baselined;
using namespace baselined::mappings;

namespace {

ValueRule from_column(const std::string& name) {
    ValueRule rule;
    rule.from.push_back({Origin::By::path, name, {}, {}});
    return rule;
}

}  // namespace

TEST_CASE("a choice keeps its words however many attributes of one's own come after it") {
    for (int attributes = 0; attributes < 64; ++attributes) {
        MappingDefinition definition;
        definition.id = from_column("key");
        definition.fields.push_back({"state", from_column("state"), {}});
        const std::vector<std::string> columns{"key", "state"};
        for (int i = 0; i < attributes; ++i)
            definition.fields.push_back({fmt::format("x_{}", i), from_column("state"), {}});
        Schemas schemas;
        Problems problems;
        CompiledMapping mapping = compile(definition, schemas, find_zone("UTC"), problems);
        REQUIRE(problems.empty());
        mapping.bind(columns);
        const std::vector<Cell> row{text_cell("A1"), text_cell("on_hold")};
        std::vector<ValueMisfit> misfits;
        REQUIRE(mapping.map(row, misfits) == Outcome::record);
        CHECK(misfits.empty());
        const Schema& schema = schemas.of(Kind::incident);
        const auto slot = schema.find("state").value();
        CHECK(shown_value(mapping.record().get(slot), schema.field(slot)) == "on_hold");
    }
}

TEST_CASE("a column is found without the blanks at its name's ends, and by its very name first") {
    const auto column_read = [](const std::string& name, const std::vector<std::string>& columns) {
        MappingDefinition definition;
        definition.id = from_column(name);
        Schemas schemas;
        Problems problems;
        CompiledMapping mapping = compile(definition, schemas, find_zone("UTC"), problems);
        mapping.bind(columns);
        const std::vector<Cell> row{text_cell("0"), text_cell("1"), text_cell("2")};
        std::vector<ValueMisfit> misfits;
        return mapping.map(row, misfits) == Outcome::record ? std::string(mapping.record().id()) : "none";
    };
    CHECK(column_read("Nummer ", {"x", "Nummer\u00a0", "y"}) == "1");
    CHECK(column_read("Nummer", {"x", "\ufeff Nummer\t", "y"}) == "1");
    CHECK(column_read("Nummer", {"Nummer ", "\u00a0Nummer", "Nummer"}) == "2");
    CHECK(column_read("\u00a0Nummer", {"Nummer ", "\u00a0Nummer", "Nummer"}) == "1");
    CHECK(column_read("Nummer  ", {"Nummer ", "\u00a0Nummer", "Nummer"}) == "0");
    CHECK(column_read("Nummer", {"Num mer", "Nummern", "nummer"}) == "none");
}

TEST_CASE("what nobody sees is shown") {
    CHECK(visible("vpn\u00a0\u200b\u00fc \t") == "vpn\\u00a0\\u200b\u00fc \\u0009");
    CHECK(visible("\xff\u00a0") == "\uFFFD\\u00a0");
    CHECK(without_outer_blanks(" \u3000a b\u00a0\u2003") == "a b");
    CHECK(without_outer_blanks("\u00a0\u00a0").empty());
    CHECK(without_outer_blanks("\xa0") == "\xa0");
}
