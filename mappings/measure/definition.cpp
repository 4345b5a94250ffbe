#include "mappings/measure/definition.hpp"

#include <fmt/format.h>

#include <array>

namespace baselined::mappings {

std::string_view name_of(Stage stage) {
    constexpr std::array<std::string_view, 6> names{"defined", "identified",  "detailed",
                                                    "decided", "implemented", "closed"};
    return names[static_cast<std::size_t>(stage)];
}

std::string percent(double share) {
    const bool is_minus_zero = share <= 0 && share >= -0.005;
    return fmt::format("{:.0f} %", is_minus_zero ? 0 : share * 100);
}

std::string_view name_of(PeriodLength period) {
    constexpr std::array<std::string_view, 4> names{"day", "week", "month", "quarter"};
    return names[static_cast<std::size_t>(period)];
}

}  // namespace baselined::mappings
