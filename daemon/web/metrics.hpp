// Metrics as plain values, and their text in Prometheus' exposition format 0.0.4.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baselined::daemon {

enum class MetricType { counter, gauge, summary };

/// Collects one scrape. Names carry base units, counters end in _total (prometheus.io/docs/practices/naming).
class Metrics {
  public:
    using Labels = std::vector<std::pair<std::string, std::string>>;

    /// Begins a family; what is added next belongs to it. One without a value is left out of the text.
    Metrics& family(std::string_view name, MetricType type, std::string_view help);
    Metrics& add(double value, const Labels& labels = {});
    /// Sum and count of a summary.
    Metrics& add_summary(double sum, double count, const Labels& labels = {});
    [[nodiscard]] std::string text() const;

  private:
    struct Family {
        std::string name, head, samples;
    };
    void add_sample(std::string_view name, double value, const Labels& labels);
    std::vector<Family> families_;
};

}  // namespace baselined::daemon
