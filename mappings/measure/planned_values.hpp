// What a measure plans to reach, period by period.
#pragma once

#include <algorithm>

#include "mappings/measure/baseline.hpp"

namespace baselined::mappings {

/// In the indicator's own direction: base (1 - R g), mirrored there and back where more is better.
class PlannedValues {
  public:
    /// `baseline` is the reported value, `reduction` R, `ramp` the periods until all of it is there.
    PlannedValues(Rule rule, bool is_mirrored, double baseline, double reduction, int ramp)
        : rule_(rule),
          is_mirrored_(is_mirrored),
          base_(is_mirrored ? mirrored(rule, baseline) : baseline),
          reduction_(reduction),
          ramp_(ramp) {}

    /// g: how much of the reduction is planned for period t = 1, 2 ...
    [[nodiscard]] double share(int t) const { return std::min(1.0, static_cast<double>(t) / ramp_); }
    [[nodiscard]] double value(int t) const { return own(base_ * (1 - reduction_ * share(t))); }
    /// When the ramp is complete.
    [[nodiscard]] double target() const { return value(ramp_); }
    /// A value of the filter, which knows only "less is better", as the indicator has it.
    [[nodiscard]] double own(double value) const { return is_mirrored_ ? mirrored(rule_, value) : value; }

  private:
    Rule rule_;
    bool is_mirrored_;
    double base_, reduction_;
    int ramp_;
};

}  // namespace baselined::mappings
