#include "connectors/files/number_format.hpp"

#include "mappings/mapping/conversion.hpp"
#include "tests/support/catch.hpp"

using namespace baselined;
using namespace baselined::connectors;

namespace {

std::string shown(double number, NumberMeaning meaning, DateSystem system = DateSystem::from_1900) {
    const auto cell = cell_of_number(number, meaning, system);
    return std::to_string(static_cast<int>(cell.type)) + " " + mappings::text_of(cell);
}
const std::string number = "2 ", day = "4 ", moment = "5 ", clock_time = "6 ", duration = "7 ";

}  // namespace

TEST_CASE("format codes say what a number means") {
    for (const char* code : {"yyyy-mm-dd", "dd/mm/yyyy hh:mm", "mmm yy", "[$-409]d-mmm-yy;@",
                             "[Red]dd.mm.yyyy", "\"am \"dd.mm.yyyy", "yyyy\\-mm\\-dd"})
        CHECK((meaning_of(code) == NumberMeaning::moment));
    for (const char* code :
         {"General", "GENERAL", "0.00", "#,##0.00 \"days\"", "0.00E+00", "@", "0%", "[$€-407]#,##0.00",
          "\"y\"0", "_-* #,##0_-", "[Red]0;[Blue]-0", "# ?/?", "0_d", "\\d0"})
        CHECK((meaning_of(code) == NumberMeaning::number));
    for (const char* code : {"[h]:mm:ss", "[hh]:mm", "[mm]:ss", "[s]"})
        CHECK((meaning_of(code) == NumberMeaning::duration));
    CHECK((meaning_of("\"TRUE\";\"TRUE\";\"FALSE\"") == NumberMeaning::boolean));
    for (const char* code : {"hh:mm", "h:mm AM/PM", "mm:ss.0", "[$-F400]h:mm:ss", "ss"})
        CHECK((meaning_of(code) == NumberMeaning::clock));
    CHECK((meaning_of_builtin(14) == NumberMeaning::moment));
    CHECK((meaning_of_builtin(20) == NumberMeaning::clock));
    CHECK((meaning_of_builtin(22) == NumberMeaning::moment));
    CHECK((meaning_of_builtin(46) == NumberMeaning::duration));
    CHECK((meaning_of_builtin(4) == NumberMeaning::number));
}

// Day numbers as Excel shows them: support.microsoft.com, "DATEVALUE function" and "1900 and 1904 date
// systems".
TEST_CASE("days, times and what is neither") {
    const auto date = NumberMeaning::moment;
    CHECK(shown(1, date) == day + "1900-01-01");
    CHECK(shown(59, date) == day + "1900-02-28");
    CHECK(shown(60, date) == number + "60");
    CHECK(shown(61, date) == day + "1900-03-01");
    CHECK(shown(39448, date) == day + "2008-01-01");
    CHECK(shown(0.5, date) == clock_time + "12:00:00");
    CHECK(shown(46053.99999, date) == moment + "2026-01-31T23:59:59");
    CHECK(shown(46053.999999, date) == day + "2026-02-01");
    CHECK(shown(2958465, date) == day + "9999-12-31");
    CHECK(shown(2958466, date) == number + "2958466");
    CHECK(shown(-1, date) == number + "-1");
    CHECK(shown(1e300, date) == number + "1e+300");
    CHECK(shown(0, date, DateSystem::from_1904) == day + "1904-01-01");
    CHECK(shown(0.5, date, DateSystem::from_1904) == moment + "1904-01-01T12:00:00");
    for (const auto system : {DateSystem::from_1900, DateSystem::from_1904}) {
        CHECK(shown(0.5, NumberMeaning::clock, system) == clock_time + "12:00:00");
        CHECK(shown(0, NumberMeaning::clock, system) == clock_time + "00:00:00");
    }
    CHECK(shown(37986, date, DateSystem::from_1904) == day + "2008-01-01");
    CHECK(shown(1.1041666666666667, NumberMeaning::duration) == duration + "26:30:00");
}

TEST_CASE("ISO 8601 in a cell") {
    CHECK(mappings::text_of(cell_of_iso("2026-01-31")) == "2026-01-31");
    CHECK(mappings::text_of(cell_of_iso("2026-01-31T00:00:00")) == "2026-01-31");
    CHECK(mappings::text_of(cell_of_iso("2026-01-31T13:45:29.6Z")) == "2026-01-31T13:45:30");
    CHECK(mappings::text_of(cell_of_iso("13:45:30")) == "13:45:30");
    for (const char* text : {"", "2026-02-30", "2026-1-1", "x", "2026-01-31T99:00:00", "2026-00-10"})
        CHECK((cell_of_iso(text).type == mappings::CellType::empty));
}
