// The realisation filter of method.md: how much of the planned reduction is there, and how much will be.
#pragma once

#include <optional>

#include "mappings/measure/baseline.hpp"

namespace baselined::mappings {

/// theta: realised share of the planned reduction; b: its drift per period.
struct RealisationState {
    double theta = 1;
    double b = 0;
    double p11 = 0, p12 = 0, p22 = 0;
};

/// Where the measure lands at the target date.
struct Landing {
    double level = 0;                    ///< L
    double variance = 0;                 ///< V
    double baseline_variance = 0;        ///< V_b
    double p_deliver = 0;                ///< probability that at least 80 % of the planned reduction stands
    [[nodiscard]] double upper() const;  ///< of the 80 % interval of L
};

/// An 80 % interval in the mirrored direction.
struct Interval {
    double value = 0, low = 0, high = 0;
};

class RealisationFilter {
  public:
    /// `reduction` is relative, between 0 and 1; `months` is the length of a period (a week 7/30.436875).
    RealisationFilter(const Baseline& baseline, double reduction, double months);

    /// Once a period, with data or without.
    void predict();
    /// y of n (shares and counts), or a value over n; mirrored; `plan` is g_t, `completeness` c.
    void update(const PeriodFigure& figure, double plan);
    [[nodiscard]] const RealisationState& state() const { return state_; }
    /// `periods_ahead` is h = max(0, T - t).
    [[nodiscard]] Landing landing(int periods_ahead) const;
    /// The value expected in the period that lies so far ahead, over n, for the plan g.
    [[nodiscard]] Interval forecast(int periods_ahead, double plan, double n) const;

  private:
    void correct(double innovation, double scale, double noise);
    [[nodiscard]] double reach(int periods_ahead) const;
    [[nodiscard]] double noise(double mean, double n, double completeness) const;

    Baseline baseline_;
    double reduction_;
    double rho_, level_noise_, drift_noise_;
    RealisationState state_;
};

double normal_cdf(double z);
inline constexpr double z_80 = 1.2816;  ///< half-width of an 80 % interval in standard deviations
inline constexpr double tolerated_share = 0.80;

}  // namespace baselined::mappings
