#include "mappings/measure/saving.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace baselined::mappings {

namespace {

/// So many of the newest settled periods tell how many cases a period to come has.
constexpr std::size_t periods_of_volume = 12;

class Counting {
  public:
    explicit Counting(const SavingInput& input)
        : in_(input), base_(input.reported_baseline), worth_(*input.measure->unit_value * hours_per_unit()) {}

    Saving run() {
        out_.currency = in_.measure->currency;
        count_settled();
        for (int t = 1; t <= in_.periods; ++t) out_.target += planned(t) * in_.baseline.mean_n * worth_;
        const double ahead = to_come() * worth_;
        out_.actual = actual_;
        out_.forecast = actual_ + ahead;
        out_.by_target += ahead;
        return out_;
    }

  private:
    /// unit_value is what one avoided hour is worth, also where the indicator is shown in days.
    [[nodiscard]] double hours_per_unit() const { return in_.indicator->unit == Unit::days ? 24 : 1; }

    /// The planned difference to the baseline for each case of a period.
    [[nodiscard]] double planned(int t) const { return std::abs(base_ - in_.planned->value(t)); }

    void count_settled() {
        const bool is_higher = in_.indicator->better == Better::higher;
        double sum_n = 0, noise = 0;
        int t = 0;
        for (const PeriodFigure& figure : in_.settled) {
            ++t;
            const double n = volume_of(figure);
            volumes_.push_back(n);  // also of a period over nothing: volume that is gone is not claimed
            if (!has_value(in_.rule, figure)) continue;
            const double r = *figure.value;
            const double saved = (is_higher ? r - base_ : base_ - r) * n * worth_;
            actual_ += saved;
            if (t <= in_.periods) out_.by_target += saved;
            out_.expected += planned(t) * n * worth_;
            out_.volume_effect += (in_.baseline.mean_n - n) * in_.baseline.level * worth_;
            noise += noise_of(r, n);
            sum_n += n;
        }
        // `base` of method.md: the mean of the periods' logarithms, not the pooled value that is reported.
        const double scale = in_.rule == Rule::measurement ? in_.planned->own(in_.baseline.level) : 1;
        const double level = scale * scale * in_.baseline.level_variance;
        out_.actual_se = worth_ * std::sqrt(std::max(0.0, noise + sum_n * sum_n * level));
    }

    [[nodiscard]] double noise_of(double r, double n) const {
        if (in_.rule == Rule::share) return in_.baseline.phi * n * r * (1 - r);
        if (in_.rule == Rule::count) return in_.baseline.phi * n * r;
        return n * n * r * r * in_.baseline.variance;
    }

    [[nodiscard]] double volume_of(const PeriodFigure& figure) const {
        return counts_once_a_period(in_.indicator->form) ? 1 : figure.denominator;
    }

    /// n_hat: before a period of the measure itself has settled, the newest settled ones are the baseline's.
    [[nodiscard]] double mean_volume() const {
        std::vector<double> volumes = volumes_;
        if (volumes.empty())
            for (const PeriodFigure& figure : in_.before) volumes.push_back(volume_of(figure));
        if (volumes.empty()) return in_.baseline.mean_n;
        const auto count = static_cast<std::ptrdiff_t>(std::min(periods_of_volume, volumes.size()));
        return std::accumulate(volumes.end() - count, volumes.end(), 0.0) / static_cast<double>(count);
    }

    [[nodiscard]] double to_come() const {
        const double mean = mean_volume();
        double sum = 0;
        for (int t = static_cast<int>(in_.settled.size()) + 1; t <= in_.periods; ++t)
            sum += planned(t) * in_.landing_level * mean;
        return sum;
    }

    const SavingInput& in_;
    double base_, worth_;
    double actual_ = 0;
    std::vector<double> volumes_;
    Saving out_;
};

}  // namespace

Saving saving_of(const SavingInput& input) {
    return Counting(input).run();
}

}  // namespace baselined::mappings
