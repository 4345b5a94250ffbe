#include "mappings/mapping/compiled_mapping.hpp"

#include <fmt/format.h>

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
