#include "mappings/measure/realisation.hpp"

#include <algorithm>
#include <cmath>

namespace baselined::mappings {

namespace {

// method.md, "Each period": per month.
constexpr double monthly_rho = 0.95;
constexpr double first_level_variance = 0.30 * 0.30;
constexpr double first_drift_deviation = 0.03;
constexpr double monthly_level_noise = 0.05 * 0.05;
constexpr double monthly_drift_noise = 0.02 * 0.02;

}  // namespace

double normal_cdf(double z) {
    return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

double Landing::upper() const {
    return level + z_80 * std::sqrt(variance + baseline_variance);
}

RealisationFilter::RealisationFilter(const Baseline& baseline, double reduction, double months)
    : baseline_(baseline),
      reduction_(reduction),
      rho_(std::pow(monthly_rho, months)),
      level_noise_(monthly_level_noise * months),
      drift_noise_(monthly_drift_noise * months * months * months) {
    state_.p11 = first_level_variance;
    state_.p22 = first_drift_deviation * months * first_drift_deviation * months;
}

void RealisationFilter::predict() {
    RealisationState& s = state_;
    s.theta += rho_ * s.b;
    s.b *= rho_;
    s.p11 += 2 * rho_ * s.p12 + rho_ * rho_ * s.p22 + level_noise_;
    s.p12 = rho_ * s.p12 + rho_ * rho_ * s.p22;
    s.p22 = rho_ * rho_ * s.p22 + drift_noise_;
}

double RealisationFilter::noise(double mean, double n, double completeness) const {
    if (baseline_.rule == Rule::share) {
        const double m = std::min(std::max(mean, 0.3 / n), 0.95);
        return baseline_.phi * m * (1 - m) / (n * completeness);
    }
    return baseline_.phi * std::max(mean, 0.3 / n) / (n * completeness);
}

void RealisationFilter::update(const PeriodFigure& figure, double plan) {
    if (figure.denominator <= 0) return;
    if (baseline_.rule == Rule::measurement) {
        if (!has_value(baseline_.rule, figure)) return;
        const double scale = -std::log(1 - reduction_ * plan);
        correct(std::log(baseline_.level) - std::log(*figure.value) - scale * state_.theta, scale,
                baseline_.variance);
        return;
    }
    const double rate = figure.numerator / (figure.completeness * figure.denominator);
    const double scale = baseline_.level * reduction_ * plan;
    const double variance =
        noise(baseline_.level - scale * state_.theta, figure.denominator, figure.completeness);
    correct((baseline_.level - rate) - scale * state_.theta, scale, variance);
}

void RealisationFilter::correct(double innovation, double scale, double variance) {
    RealisationState& s = state_;
    const double total = scale * scale * s.p11 + variance;
    if (total <= 0) return;
    const double k1 = scale * s.p11 / total, k2 = scale * s.p12 / total;
    s.theta += k1 * innovation;
    s.b += k2 * innovation;
    s.p22 -= k2 * scale * s.p12;
    s.p12 *= 1 - k1 * scale;
    s.p11 = std::max(0.0, s.p11 * (1 - k1 * scale));  // what never varied leaves a rounding error below 0
}

double RealisationFilter::reach(int periods_ahead) const {
    return rho_ * (1 - std::pow(rho_, periods_ahead)) / (1 - rho_);
}

Landing RealisationFilter::landing(int periods_ahead) const {
    const double f = reach(periods_ahead);
    Landing landing;
    landing.level = state_.theta + f * state_.b;
    landing.variance = std::max(0.0, state_.p11 + 2 * f * state_.p12 + f * f * state_.p22);
    if (baseline_.rule == Rule::measurement) {
        const double step = std::log(1 - reduction_);
        landing.baseline_variance = baseline_.level_variance / (step * step);
    } else {
        const double theta = std::clamp(state_.theta, 0.0, 1.2);
        const double ratio = (1 - reduction_ * theta) / reduction_;
        landing.baseline_variance =
            baseline_.level_variance / (baseline_.level * baseline_.level) * ratio * ratio;
    }
    const double deviation = std::sqrt(landing.variance + landing.baseline_variance);
    const double margin = landing.level - tolerated_share;
    landing.p_deliver = deviation > 0 ? normal_cdf(margin / deviation) : margin >= 0 ? 1 : 0;
    return landing;
}

Interval RealisationFilter::forecast(int periods_ahead, double plan, double n) const {
    const Landing at = landing(periods_ahead);
    if (baseline_.rule == Rule::measurement) {
        const double step = std::log(1 - reduction_ * plan);
        const double value = baseline_.level * std::exp(at.level * step);
        const double half = z_80 * std::sqrt(step * step * at.variance + baseline_.variance);
        return {value, value * std::exp(-half), value * std::exp(half)};
    }
    const double drop = baseline_.level * reduction_ * plan;
    const double value = baseline_.level - drop * at.level;
    const double half = z_80 * std::sqrt(drop * drop * at.variance + (n > 0 ? noise(value, n, 1) : 0));
    return {value, value - half, value + half};
}

}  // namespace baselined::mappings
