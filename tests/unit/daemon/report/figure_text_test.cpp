#include "daemon/report/figure_text.hpp"

#include "tests/support/catch.hpp"

using namespace baselined::daemon;

TEST_CASE("small money has its cents") {
    CHECK(money_text(0.36, "CHF") == "0.36 CHF");
    CHECK(money_text(-0.19, "CHF") == "-0.19 CHF");
    CHECK(money_text(-0.004, "CHF") == "0 CHF");
    CHECK(money_text(3, "CHF") == "3 CHF");
    CHECK(money_text(9.996, "CHF") == "10 CHF");
    CHECK(money_text(10.4, "CHF") == "10 CHF");
    CHECK(money_text(-15'900.4, "EUR") == "-15,900 EUR");
}
