// Baselines: the window that one is taken from, when it is frozen, and what the store keeps of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/app/figure_book.hpp"
#include "daemon/app/portfolio.hpp"

namespace baselined::daemon {

/// The whole periods of the window; none where the baseline is a stated value.
std::vector<mappings::Period> window_periods(const mappings::BaselineDefinition& baseline,
                                             const mappings::Calendar& calendar);

/// Until when what an indicator is made from is known, `now` at the latest: when the stream that was last
/// read to its end the longest ago was. What has not been read is no figure, least of all a settled one.
/// Streams that were never read to their end are passed over: the measure says so itself.
/// 1970 where no stream brings them.
Instant read_until(const mappings::IndicatorDefinition& indicator, const Portfolio& portfolio, Store& store,
                   Instant now);

struct FrozenBaseline {
    mappings::PeriodFigure reported;
    std::vector<mappings::PeriodFigure> periods;
    std::string digest;  ///< of the records behind it, see records_digest()
    /// Of the sources, see MeasurePlan; nothing where an earlier version froze it.
    std::optional<std::string> zones;
};
/// Throws StoreError where the store's text is not one that freeze_baselines() wrote.
FrozenBaseline frozen_baseline(const StoredBaseline& stored);
/// Of the records that make a series' figures in these periods: another one says that they changed.
std::string records_digest(FigureBook& figures, std::size_t series,
                           const std::vector<mappings::Period>& periods);

/// Freezes the baselines whose window has settled and whose streams have been read to their end since,
/// without a gap.
void freeze_baselines(Portfolio& portfolio, Store& store, FigureBook& figures, Instant now);

}  // namespace baselined::daemon
