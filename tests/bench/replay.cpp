// Replays simulated measures through the program's own assessment, and prints how soon it flags a fading one,
// how seldom a healthy one, and how often its forecast is right. usage: bench_replay [MEASURES A CELL]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>

#include "mappings/measure/assessment.hpp"

using namespace baselined::mappings;

namespace {

constexpr double base = 0.20, reduction = 0.30;
constexpr int baseline_months = 12, months = 36, target_month = 24, ramp = 3, onset = 6, forecast_month = 12;
constexpr int sizes[] = {20, 100, 1000};

/// How much of the planned effect stands in month t, counted from 1.
using Effect = std::function<double(int t)>;

Effect holds() {
    return [](int) { return 1.0; };
}
/// The ramp begins so many months late.
Effect late(int by) {
    return [by](int t) {
        return t <= by ? 0.0 : std::min(1.0, double(t - by) / ramp) / std::min(1.0, double(t) / ramp);
    };
}
/// By that share of the full effect each month, until nothing is left.
Effect fades(double a_month) {
    return [a_month](int t) { return std::max(0.0, 1 - a_month * std::max(0, t - onset)); };
}
Effect gone_in(int span) {
    return [span](int t) { return std::clamp(1 - double(t - onset) / span, 0.0, 1.0); };
}
Effect drops_to(double level) {
    return [level](int t) { return t <= onset ? 1.0 : level; };
}
Effect delivers(double level) {
    return [level](int) { return level; };
}

class Simulation {
  public:
    Simulation(double n, std::uint64_t seed) : n_(n), random_(seed) {
        measure_.id = measure_.name = "simulated";
        measure_.baseline.from = date::sys_days{date::year{2020} / 1 / 1};
        measure_.baseline.to = date::sys_days{date::year{2020} / 12 / 31};
        measure_.target.change = -reduction;
        measure_.target.from = date::sys_days{date::year{2021} / 1 / 1};
        measure_.target.by = date::sys_days{date::year{2022} / 12 / 31};
        measure_.target.ramp = ramp;
        indicator_.name = "rate";
        indicator_.form = Form::share;
        indicator_.unit = Unit::ratio;
    }

    /// A new measure: its baseline and all its months.
    void draw(const Effect& effect) {
        input_ = {};
        own_ = n_ * std::uniform_real_distribution<>(0.8, 1.2)(random_);
        input_.measure = &measure_;
        input_.indicator = &indicator_;
        input_.calendar = &calendar_;
        input_.is_frozen = true;
        for (int i = 0; i < baseline_months; ++i) {
            input_.baseline_periods.push_back(month(base));
            input_.baseline.numerator += input_.baseline_periods.back().numerator;
            input_.baseline.denominator += input_.baseline_periods.back().denominator;
        }
        input_.baseline.value = input_.baseline.numerator / input_.baseline.denominator;
        Period period = calendar_.containing_day(*measure_.target.from);
        input_.first = period;
        for (int t = 1; t <= months; ++t, period = calendar_.after(period)) {
            const double plan = std::min(1.0, double(t) / ramp);
            input_.track.push_back(
                {period, calendar_.label(period), month(base * (1 - reduction * plan * effect(t)))});
        }
        input_.now = period.begin;
    }

    [[nodiscard]] Assessment assessed() const { return assess(input_); }
    /// As it was known after the first `count` months.
    [[nodiscard]] Assessment assessed_after(int count) const {
        AssessmentInput early = input_;
        early.track.resize(static_cast<std::size_t>(count));
        early.now = early.track.back().period.end;
        return assess(early);
    }
    [[nodiscard]] std::optional<double> rate_in(int t) const {
        return input_.track[static_cast<std::size_t>(t - 1)].figure.value;
    }
    std::mt19937_64& random() { return random_; }

  private:
    PeriodFigure month(double rate) {
        const int n = std::poisson_distribution<int>(own_)(random_);
        PeriodFigure figure;
        figure.denominator = n;
        figure.numerator = std::binomial_distribution<int>(n, rate)(random_);
        if (n > 0) figure.value = figure.numerator / figure.denominator;
        return figure;
    }

    double n_;        ///< records a month
    double own_ = 0;  ///< of this measure: up to 20 % more or less
    std::mt19937_64 random_;
    MeasureDefinition measure_;
    IndicatorDefinition indicator_;
    Calendar calendar_{find_zone("UTC"), PeriodLength::month};
    AssessmentInput input_;
};

bool is_measurable(const Assessment& assessment) {
    return std::none_of(assessment.reasons.begin(), assessment.reasons.end(),
                        [](const Reason& reason) { return reason.code == "not_measurable"; });
}
bool is_flag(PotentialStatus status) {
    return status == PotentialStatus::weakening || status == PotentialStatus::off_track;
}

struct Healthy {
    double flags_a_year = 0, changes_a_year = 0;
};

Healthy run_healthy(double n, int count) {
    Simulation simulation(n, 1);
    double flags = 0, changes = 0, years = 0;
    for (int i = 0; i < count; ++i) {
        simulation.draw(holds());
        const Assessment assessment = simulation.assessed();
        if (!is_measurable(assessment)) continue;
        PotentialStatus before = PotentialStatus::unknown;
        for (const TrackPoint& point : assessment.track) {
            if (before != PotentialStatus::unknown && is_flag(point.status) != is_flag(before)) ++changes;
            if (is_flag(point.status) && !is_flag(before)) ++flags;
            before = point.status;
        }
        years += months / 12.0;
    }
    return {flags / years, changes / years};
}

/// Median months from the onset to the first flag after it; one that is never flagged counts as for ever.
double run_fading(double n, int count, const Effect& effect) {
    Simulation simulation(n, 2);
    std::vector<double> waits;
    for (int i = 0; i < count; ++i) {
        simulation.draw(effect);
        const Assessment assessment = simulation.assessed();
        if (!is_measurable(assessment)) continue;
        double wait = 1e9;
        for (std::size_t t = onset; t < assessment.track.size() && wait == 1e9; ++t)
            if (is_flag(assessment.track[t].status)) wait = double(t) + 1 - onset;
        waits.push_back(wait);
    }
    std::sort(waits.begin(), waits.end());
    return waits[waits.size() / 2];
}

Effect drawn_effect(std::mt19937_64& random) {
    const auto between = [&](double low, double high) {
        return std::uniform_real_distribution<>(low, high)(random);
    };
    const double kind = between(0, 1);
    if (kind < 0.45) return holds();
    if (kind < 0.55) return late(std::uniform_int_distribution<int>(1, 4)(random));
    if (kind < 0.70) return fades(between(0.03, 0.07));
    if (kind < 0.80) return fades(between(0.12, 0.20));
    if (kind < 0.88) return drops_to(between(0, 0.4));
    return delivers(between(0, 0.8));
}

/// How often the rate at the target date lay in the 80 % interval forecast for it at month 12.
double run_coverage(double n, int count) {
    Simulation simulation(n, 3);
    double inside = 0, all = 0;
    for (int i = 0; i < count; ++i) {
        simulation.draw(drawn_effect(simulation.random()));
        const Assessment assessment = simulation.assessed_after(forecast_month);
        const auto rate = simulation.rate_in(target_month);
        if (!is_measurable(assessment) || !assessment.forecast || !rate) continue;
        inside += *rate >= assessment.forecast->low && *rate <= assessment.forecast->high ? 1 : 0;
        ++all;
    }
    return inside / all;
}

int missed = 0;

std::string within(double value, double low, double high, const char* bound) {
    const bool is_good = value >= low && value <= high;
    if (!is_good) ++missed;
    return fmt::format("{:>7.3g} ({}{})", value, bound, is_good ? "" : ", MISSED");
}

}  // namespace

int main(int argc, char** argv) {
    const int count = argc > 1 ? std::atoi(argv[1]) : 2'000;
    constexpr double fade_bounds[3][3] = {{20, 13, 11}, {13, 7, 5}, {8, 4, 2}};
    fmt::print("{} measures a cell; what must be reached stands in brackets\n\n", count);
    const auto row = [](const char* name, const auto& cell) {
        fmt::print("{:<52}", name);
        for (int size = 0; size < 3; ++size) fmt::print("  {:<22}", cell(size));
        fmt::print("\n");
    };
    row("records a month", [](int size) { return std::to_string(sizes[size]); });
    Healthy healthy[3];
    for (int size = 0; size < 3; ++size) healthy[size] = run_healthy(sizes[size], count);
    row("false flags per healthy measure-year",
        [&](int i) { return within(healthy[i].flags_a_year, 0, 0.10, "<= 0.10"); });
    const Effect effects[] = {fades(0.05), gone_in(6), drops_to(0)};
    const char* names[] = {"median months to flag: fades 5 % a month",
                           "median months to flag: gone in 6 months", "median months to flag: lost at once"};
    for (int effect = 0; effect < 3; ++effect)
        row(names[effect], [&](int i) {
            const double bound = fade_bounds[i][effect];
            return within(run_fading(sizes[i], count, effects[effect]), 0, bound,
                          fmt::format("<= {}", bound).c_str());
        });
    row("80 % forecast interval at month 12 covers",
        [&](int i) { return within(run_coverage(sizes[i], count), 0.78, 0.90, "0.78 to 0.90"); });
    row("status changes of a healthy measure a year",
        [&](int i) { return within(healthy[i].changes_a_year, 0, 0.2, "<= 0.2"); });
    fmt::print("\n{} of 18 figures missed\n", missed);
    return missed == 0 ? 0 : 1;
}
