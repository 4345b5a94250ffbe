// Baselines: the window that one is taken from, when it is frozen, and what the store keeps of it.
#pragma once

#include <string>
#include <vector>

#include "daemon/app/figure_book.hpp"
#include "daemon/app/portfolio.hpp"

namespace baselined::daemon {

/// The whole periods of the window; none where the baseline is a stated value.
std::vector<mappings::Period> window_periods(const mappings::BaselineDefinition& baseline,
                                             const mappings::Calendar& calendar);

struct FrozenBaseline {
    mappings::PeriodFigure reported;
    std::vector<mappings::PeriodFigure> periods;
    std::string digest;  ///< of the records behind it, see records_digest()
};
/// Throws StoreError where the store's text is not one that freeze_baselines() wrote.
FrozenBaseline frozen_baseline(const StoredBaseline& stored);
/// Of the records that make a series' figures in these periods: another one says that they changed.
std::string records_digest(FigureBook& figures, std::size_t series,
                           const std::vector<mappings::Period>& periods);

/// Freezes the baselines whose window has settled and whose streams have been read to their end since,
/// with every field of their mappings.
void freeze_baselines(Portfolio& portfolio, Store& store, FigureBook& figures, Instant now);

}  // namespace baselined::daemon
