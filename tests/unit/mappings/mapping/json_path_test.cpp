#include "mappings/mapping/json_path.hpp"

#include "mappings/mapping/conversion.hpp"
#include "mappings/record/json_writer.hpp"
#include "tests/support/catch.hpp"

using namespace baselined::mappings;

TEST_CASE("paths into JSON rows") {
    rapidjson::Document row;
    const std::string_view json =
        R"({"a":{"b":[{"c":"deep"},{"c":2.5}],"d.e":"dotted"},"cmdb_ci.name":"flat","n":null,"t":true,
        "l":["x",1,false],"big":12345678901234567890,"o":{"k":1},"e":"","q[0]":"bracket"})";
    row.Parse(json.data(), json.size());
    const auto at = [&](const char* path) {
        std::string buffer;
        const auto* value = JsonPath(path).find(row);
        return value == nullptr ? std::string("(nothing)") : text_of(cell_of(*value, buffer));
    };
    CHECK(at("a.b[0].c") == "deep");
    CHECK(at("a.b[1].c") == "2.5");
    CHECK(at("cmdb_ci.name") == "flat");
    CHECK(at("a.d.e") == "dotted");
    CHECK(at("q[0]") == "bracket");
    CHECK(at("n") == "");
    CHECK(at("e") == "");
    CHECK(at("t") == "true");
    CHECK(at("l") == "x, 1, false");
    CHECK(at("big") == "12345678901234567890");
    for (const char* path : {"a.b[2].c", "a.x", "n.x", "a.b[x].c", "a.b.c", "t[0]", "zz"})
        CHECK(at(path) == "(nothing)");
    std::string buffer;
    CHECK((cell_of(row["o"], buffer).type == CellType::tree));
}

TEST_CASE("control characters are escaped wherever they stand in a text") {
    for (std::size_t before = 0; before < 64; ++before) {
        std::string text(before, 'x');
        for (char c = 1; c < 0x20; ++c) text += std::string(1, c) + "y";
        rapidjson::StringBuffer buffer;
        JsonWriter(buffer).String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
        const std::string_view written(buffer.GetString(), buffer.GetSize());
        CHECK(std::none_of(written.begin(), written.end(), [](char c) { return c >= 0 && c < 0x20; }));
    }
}
