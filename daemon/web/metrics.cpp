#include "daemon/web/metrics.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace baselined::daemon {

namespace {

constexpr std::array<std::string_view, 3> type_names{"counter", "gauge", "summary"};

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\n') {
            result += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') result += '\\';
        result += c;
    }
    return result;
}

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

}  // namespace

Metrics& Metrics::family(std::string_view name, MetricType type, std::string_view help) {
    families_.push_back({std::string(name),
                         fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                                     type_names[static_cast<std::size_t>(type)]),
                         {}});
    return *this;
}

void Metrics::add_sample(std::string_view name, double value, const Labels& labels) {
    std::string written;
    for (const auto& [label, text] : labels)
        written += fmt::format("{}{}=\"{}\"", written.empty() ? "" : ",", label, escaped(text));
    families_.back().samples +=
        fmt::format("{}{} {}\n", name, written.empty() ? "" : "{" + written + "}", number(value));
}

Metrics& Metrics::add(double value, const Labels& labels) {
    add_sample(families_.back().name, value, labels);
    return *this;
}

Metrics& Metrics::add_summary(double sum, double count, const Labels& labels) {
    add_sample(families_.back().name + "_sum", sum, labels);
    add_sample(families_.back().name + "_count", count, labels);
    return *this;
}

std::string Metrics::text() const {
    std::string text;
    for (const Family& family : families_)
        if (!family.samples.empty()) text += family.head + family.samples;
    return text;
}

}  // namespace baselined::daemon
