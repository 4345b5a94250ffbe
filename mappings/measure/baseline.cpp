#include "mappings/measure/baseline.hpp"

#include <algorithm>
#include <cmath>

namespace baselined::mappings {

namespace {

struct Sample {
    double y = 0, n = 0;
};

/// The prior of overdispersion: worth this many periods, centred on 1.5.
constexpr double prior_weight = 6, prior_phi = 1.5;
/// Turns the mean distance of neighbours into a standard deviation (d2 of two).
constexpr double moving_range_factor = 1.128;

double overdispersion(Rule rule, const std::vector<Sample>& samples, double sum_y, double sum_n) {
    const double p = std::max(sum_y / sum_n, 0.5 / sum_n);
    std::vector<double> z;
    for (const Sample& sample : samples) {
        const double variance = rule == Rule::share ? p * (1 - p) / sample.n : p / sample.n;
        z.push_back(variance > 0 ? (sample.y / sample.n - p) / std::sqrt(variance) : 0);
    }
    double steps = 0, squares = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
        squares += z[i] * z[i];
        if (i + 1 < z.size()) steps += (z[i + 1] - z[i]) * (z[i + 1] - z[i]) / 2;
    }
    const auto m = static_cast<double>(z.size());
    return std::max(1.0, (std::max(steps, squares) + prior_weight * prior_phi) / (m - 1 + prior_weight));
}

std::optional<Baseline> from_counts(Rule rule, const std::vector<Sample>& samples) {
    double sum_y = 0, sum_n = 0;
    for (const Sample& sample : samples) {
        sum_y += sample.y;
        sum_n += sample.n;
    }
    if (samples.empty() || sum_n <= 0) return std::nullopt;
    Baseline baseline;
    baseline.rule = rule;
    baseline.level = rule == Rule::share ? (sum_y + 0.5) / (sum_n + 1) : (sum_y + 0.5) / sum_n;
    baseline.phi = overdispersion(rule, samples, sum_y, sum_n);
    const double spread = rule == Rule::share ? baseline.level * (1 - baseline.level) : baseline.level;
    baseline.level_variance = baseline.phi * spread / sum_n;
    baseline.periods = static_cast<int>(samples.size());
    baseline.mean_n = sum_n / static_cast<double>(samples.size());
    return baseline;
}

std::optional<Baseline> from_measurements(const std::vector<double>& logarithms, double sum_n) {
    if (logarithms.empty()) return std::nullopt;
    const auto m = static_cast<double>(logarithms.size());
    double mean = 0, squares = 0, ranges = 0;
    for (const double value : logarithms) mean += value / m;
    for (std::size_t i = 0; i < logarithms.size(); ++i) {
        squares += (logarithms[i] - mean) * (logarithms[i] - mean);
        if (i > 0) ranges += std::abs(logarithms[i] - logarithms[i - 1]);
    }
    Baseline baseline;
    baseline.rule = Rule::measurement;
    baseline.level = std::exp(mean);
    if (logarithms.size() > 1) {
        const double sigma = std::max(ranges / (m - 1) / moving_range_factor, std::sqrt(squares / (m - 1)));
        baseline.variance = sigma * sigma;
    }
    baseline.level_variance = baseline.variance / m;
    baseline.periods = static_cast<int>(logarithms.size());
    baseline.mean_n = sum_n / m;
    return baseline;
}

}  // namespace

double mirrored(Rule rule, double value) {
    return rule == Rule::measurement ? 1 / value : 1 - value;
}

std::optional<Baseline> baseline_of(Rule rule, bool is_higher_better,
                                    const std::vector<PeriodFigure>& periods) {
    std::vector<Sample> samples;
    std::vector<double> logarithms;
    double sum_n = 0;
    for (const PeriodFigure& period : periods) {
        if (rule == Rule::measurement) {
            if (!has_value(rule, period)) continue;
            logarithms.push_back(is_higher_better ? -std::log(*period.value) : std::log(*period.value));
            sum_n += period.denominator;
        } else if (period.denominator > 0) {
            const double y = is_higher_better && rule == Rule::share ? period.denominator - period.numerator
                                                                     : period.numerator;
            samples.push_back({y, period.denominator});
        }
    }
    return rule == Rule::measurement ? from_measurements(logarithms, sum_n) : from_counts(rule, samples);
}

std::optional<Baseline> stated_baseline(Rule rule, bool is_higher_better, double value, double n) {
    PeriodFigure period;
    period.value = value;
    period.numerator = value * n;
    period.denominator = n;
    return baseline_of(rule, is_higher_better, {period});
}

double measurability(const Baseline& baseline, double reduction) {
    const double p = baseline.level;
    switch (baseline.rule) {
        case Rule::share:
            return baseline.mean_n * p * reduction * reduction / (baseline.phi * (1 - p));
        case Rule::count:
            return baseline.mean_n * p * reduction * reduction / baseline.phi;
        case Rule::measurement: {
            const double step = std::log(1 - reduction);
            return baseline.variance > 0 ? step * step / baseline.variance : HUGE_VAL;
        }
    }
    return 0;
}

std::optional<Limits> process_limits(const Baseline& baseline, double n) {
    if (n <= 0) return std::nullopt;
    const double p = baseline.level;
    if (baseline.rule == Rule::measurement) {
        const double reach = std::exp(3 * std::sqrt(baseline.variance));
        return Limits{p / reach, p * reach};
    }
    const double spread = baseline.rule == Rule::share ? p * (1 - p) : p;
    const double reach = 3 * std::sqrt(baseline.phi * spread / n);
    const double most = baseline.rule == Rule::share ? 1.0 : HUGE_VAL;
    return Limits{std::max(0.0, p - reach), std::min(most, p + reach)};
}

}  // namespace baselined::mappings
