// From tallies to figures: an indicator's value, numerator and denominator for each period.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "mappings/indicator/series.hpp"
#include "mappings/measure/plan.hpp"

namespace baselined::mappings {

/// A series' tallies by the beginning of their period, ascending (all_of_time first where the form uses it).
using Tallies = std::vector<std::pair<Instant, Tally>>;

/// What was known when a period ended; taken once and kept.
struct SnapshotFigure {
    Instant period;
    std::int64_t count = 0, hits = 0;
};

/// The figures of one series. `ratio` needs a second one: see ratio_of.
class SeriesFigures {
  public:
    /// `indicator` outlives this. `snapshots` serves Form::snapshot only.
    SeriesFigures(const CompiledIndicator& indicator, Tallies tallies, std::vector<SnapshotFigure> snapshots);

    /// The figure of one period as of `now`: numerator and denominator as design.md's "Indicator" says, spans
    /// in the indicator's unit.
    [[nodiscard]] PeriodFigure of(const Period& period, Instant now) const;
    /// The same statistic over all records of several periods: what is reported as a baseline.
    [[nodiscard]] PeriodFigure pooled(const std::vector<Period>& periods, Instant now) const;
    /// Sum of the digests of the records behind these periods; of a snapshot, of its kept figures.
    [[nodiscard]] std::uint64_t digest(const std::vector<Period>& periods) const;
    /// The earliest period with anything in it.
    [[nodiscard]] std::optional<Instant> first_period() const;

  private:
    [[nodiscard]] Tally sum_up_to(Instant end) const;
    [[nodiscard]] const Tally* find(Instant begin) const;
    [[nodiscard]] PeriodFigure figure(const Tally& tally) const;
    [[nodiscard]] PeriodFigure open_at(const Tally& stays, Instant end) const;
    [[nodiscard]] PeriodFigure uptime(const Period& period, Instant now) const;
    [[nodiscard]] PeriodFigure snapshot(Instant begin) const;
    [[nodiscard]] std::uint64_t digest_of_snapshot(Instant begin) const;
    [[nodiscard]] double in_unit(double raw) const;

    const CompiledIndicator& indicator_;
    Tallies tallies_;
    std::vector<SnapshotFigure> snapshots_;
};

/// The figure of a backlog or age from what is open at an instant: how many, and the sum of when they began.
PeriodFigure open_figure_of(const CompiledIndicator& indicator, const Tally& stays, Instant at);

/// The placement by which a record is behind a period's figure; a null pointer when it is not.
const Placement* counted_in(const CompiledIndicator& indicator, const std::vector<Placement>& placements,
                            const Period& period);
/// What a placement brings to a sum, mean, median or percentile, in the indicator's unit.
std::optional<double> amount_of(const CompiledIndicator& indicator, const Placement& placement);

/// This count over another's; null over nothing.
PeriodFigure ratio_of(const PeriodFigure& upper, const PeriodFigure& lower);

}  // namespace baselined::mappings
