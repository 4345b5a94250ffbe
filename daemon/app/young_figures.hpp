// Periods that have ended and not settled: what was known of them at which age, and what they lack by that.
#pragma once

#include <string>

#include "daemon/app/figure_book.hpp"
#include "daemon/app/portfolio.hpp"

namespace baselined::daemon {

/// As of `now`. What it is given outlives it.
class YoungFigures {
  public:
    YoungFigures(Portfolio& portfolio, Store& store, FigureBook& figures, Instant now)
        : portfolio_(portfolio), store_(store), figures_(figures), now_(now) {}

    /// Keeps what is known of all measures' young periods: from it completeness is estimated later.
    void remember();
    /// The figure of a period that has not settled with what earlier ones lacked at its age; of a running
    /// period as it is. `known`: until when the measure's streams were read, see read_until().
    mappings::PeriodFigure completed(const MeasurePlan& plan, const mappings::Period& period,
                                     const mappings::PeriodFigure& figure, Instant known);

  private:
    [[nodiscard]] std::string key_of(const MeasurePlan& plan) const;
    [[nodiscard]] bool is_settled(const mappings::Period& period, Instant known) const;

    Portfolio& portfolio_;
    Store& store_;
    FigureBook& figures_;
    Instant now_;
};

}  // namespace baselined::daemon
