#include "mappings/mapping/conversion.hpp"
#include "tests/support/catch.hpp"

using namespace baselined::mappings;

namespace {

std::optional<double> number(const char* text, const char* decimal, const char* group) {
    return to_number(text_cell(text), decimal, group);
}

std::string instant(const Cell& cell, const char* format, const char* zone) {
    const auto at = to_timestamp(cell, format, find_zone(zone));
    return at ? format_rfc3339(*at) : "none";
}

}  // namespace

TEST_CASE("a sign that does not part thousands is another country's decimal sign") {
    CHECK(number("1.234,5", ",", ".") == 1234.5);
    CHECK(number("-1.234.567", ",", ".") == -1234567);
    CHECK(number("12,34,567.25", ".", ",") == 1234567.25);  // as in India
    CHECK(number("1'000", ".", "'") == 1000);
    CHECK(number("1234,5", ",", ".") == 1234.5);
    CHECK(number("+7,5 %", ",", ".") == 0.075);
    for (const char* text :
         {"1,234.5", "12.34", "1.2.3", "1.23,4", ".234", "1234.567", "1,5,2", "1.234,5.6"}) {
        INFO(text);
        CHECK_FALSE(number(text, ",", "."));
    }
    CHECK(to_integer(text_cell("1.234"), ".") == 1234);
    CHECK_FALSE(to_integer(text_cell("1.23"), "."));
}

TEST_CASE("numbers that are names keep their digits") {
    CHECK(text_of(number_cell(20260901123456784)) == "20260901123456784");
    CHECK(text_of(number_cell(42)) == "42");
    CHECK(text_of(number_cell(0.1)) == "0.1");
    CHECK(text_of(number_cell(-3)) == "-3");
}

TEST_CASE("a format reads digits that a table holds as a number, and seconds of the epoch anywhere") {
    CHECK(instant(number_cell(20260901), "%Y%m%d", "UTC") == "2026-09-01T00:00:00Z");
    // 1767225600 is 2026-01-01T00:00:00Z: date -u -d @1767225600
    CHECK(instant(text_cell("1767225600"), "%s", "Europe/Berlin") == "2026-01-01T00:00:00Z");
    CHECK(instant(number_cell(1767225600), "%s", "Europe/Berlin") == "2026-01-01T00:00:00Z");
    CHECK(instant(text_cell("2026-01-02 03:04:05 +0100"), "%Y-%m-%d %H:%M:%S %z", "UTC") ==
          "2026-01-02T02:04:05Z");
    CHECK(is_format("%d.%m.%Y %H:%M"));
    CHECK(is_format("%s"));
    for (const char* format : {"%Y-%m-%d %Z", "%Q", "%", "%d %s"}) {
        INFO(format);
        CHECK_FALSE(is_format(format));
    }
}
