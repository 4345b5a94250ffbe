#include "daemon/report/figure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace baselined::daemon {

/// Shares say theirs at each step of the axis, and numbers have none.
std::string unit_words(const std::string& unit) {
    return unit == "ratio" || unit == "count" || unit == "number" ? "" : unit;
}

std::string figure_text(double value, const std::string& unit) {
    if (!std::isfinite(value)) return "-";
    const double minus_zero = unit == "ratio" ? -0.0005 : -0.005;
    if (value <= 0 && value >= minus_zero) value = 0;  // nobody reads "-0"
    if (unit == "ratio") return fmt::format("{:.1f} %", value * 100);
    const double size = std::abs(value);
    const int digits = size >= 1000 || size == std::round(size) ? 0 : size >= 10 ? 1 : 2;
    std::string text = fmt::format("{:.{}f}", value, digits);
    const std::size_t point = std::min(text.find('.'), text.size());
    for (std::size_t at = point; at > 3 + (value < 0 ? 1u : 0u); at -= 3) text.insert(at - 3, ",");
    const std::string words = unit_words(unit);
    return words.empty() ? text : text + " " + words;
}

std::string money_text(double amount, const std::string& currency) {
    const double cents = std::round(amount * 100) / 100;
    return figure_text(std::abs(cents) < 10 ? cents : std::round(amount), currency);
}

}  // namespace baselined::daemon
