#include "connectors/files/header.hpp"

#include "connectors/files/row_queue.hpp"
#include "connectors/files/xlsx_parts.hpp"
#include "tests/support/catch.hpp"

using namespace baselined::connectors;
using Names = std::vector<std::string>;

TEST_CASE("header rows become column names") {
    CHECK(column_names({{{"a", "", "b", "a", "a"}}}) == Names{"a", "Column 2", "b", "a (2)", "a (3)"});
    CHECK(column_names({{{"a", "a (2)", "a"}}}) == Names{"a", "a (2)", "a (3)"});
    // As merged cells look in a CSV: "Incidents" over two columns, "Service" and "Note" over two rows.
    CHECK(column_names({{{"Service", "Incidents", "", "Changes", "", "Note"}},
                        {{"", "Open", "Closed", "Open", "Closed"}}}) ==
          Names{"Service", "Incidents/Open", "Incidents/Closed", "Changes/Open", "Changes/Closed", "Note"});
    CHECK(column_names({{{"Note", "", "X"}}, {{"", "Open", ""}}}) == Names{"Note", "Open", "X"});
}

TEST_CASE("where a file says which cells are merged, a title reaches over these") {
    const HeaderRow lower{{"", "Open", "Closed", "Note"}};
    CHECK(column_names({{{"Service", "Changes"}, {{1, 1, 2}}}, lower}) ==
          Names{"Service", "Changes/Open", "Changes/Closed", "Note"});
    CHECK(column_names({{{"Service", "Changes"}}, lower}) ==
          Names{"Service", "Changes/Open", "Changes/Closed", "Changes/Note"});
    // Merged beyond what there is, and over a column without a name of its own.
    CHECK(column_names({{{"A"}, {{1, 0, 9}}}, {{"x", "", "y"}}}) == Names{"A/x", "Column 2", "A/y"});
}

TEST_CASE("places of cells") {
    CHECK(place_of("A1")->column == 0);
    CHECK(place_of("XFD1048576")->column == 16'383);
    CHECK(place_of("XFD1048576")->row == 1'048'576);
    CHECK(name_of_place(16'383, 7) == "XFD7");
    CHECK(name_of_place(26, 1) == "AA1");
    for (const char* text : {"", "A", "1", "A0", "A1B", "ABCDE1", "A99999999999", "A-1"})
        CHECK_FALSE(place_of(text));
}

TEST_CASE("escapes of writers are undone once, what people wrote stays") {
    const auto undone = [](std::string text) {
        unescape(text, 0);
        return text;
    };
    CHECK(undone("a_x000D_b") == "a\rb");
    CHECK(undone("_x005F_x0041_") == "_x0041_");
    CHECK(undone("_x0041_ _x12") == "_x0041_ _x12");
}
