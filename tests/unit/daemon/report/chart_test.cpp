#include "daemon/report/chart.hpp"

#include <algorithm>
#include <regex>

#include "tests/support/catch.hpp"

using namespace baselined::daemon;

namespace {

/// Where the letters of the time axis begin, from the left; the axis stands below the plot, above the legend.
std::vector<double> letters_of_axis(const std::string& svg) {
    std::vector<double> places;
    const std::regex letter("<use xlink:href=\"#[^\"]*\" x=\"([0-9.]+)\" y=\"([0-9.]+)\"");
    for (auto at = std::sregex_iterator(svg.begin(), svg.end(), letter); at != std::sregex_iterator(); ++at)
        if (const double y = std::stod((*at)[2]); y > 265 && y < 285) places.push_back(std::stod((*at)[1]));
    std::sort(places.begin(), places.end());
    return places;
}

}  // namespace

TEST_CASE("labels of the time axis stand apart, however many periods there are") {
    for (const std::size_t periods : {1, 8, 60, 400, 688}) {
        Chart chart;
        for (std::size_t i = 0; i < periods; ++i) {
            chart.periods.push_back({});
            chart.periods.back().label = "2026-12-31";
            chart.periods.back().value = 1;
        }
        const std::vector<double> places = letters_of_axis(draw_svg(chart, ColourScheme::light));
        INFO(periods);
        REQUIRE(!places.empty());
        REQUIRE(places.size() % 10 == 0);
        // A letter of this size is 7 wide at most: what follows a label's last one leaves a gap.
        for (std::size_t i = 10; i < places.size(); i += 10) CHECK(places[i] - places[i - 1] > 14);
    }
}
