// Baselines: the window that one is taken from, when it is frozen, and what the store keeps of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/app/figure_book.hpp"
#include "daemon/app/file_lacks.hpp"
#include "daemon/app/portfolio.hpp"
#include "mappings/measure/assessment.hpp"

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
    bool checked = true;  ///< that it is not made of nothing; false where an earlier version froze it
};
/// Throws StoreError where the store's text is not one that freeze_baselines() wrote.
FrozenBaseline frozen_baseline(const StoredBaseline& stored);
/// Of the records that make a series' figures in these periods: another one says that they changed.
std::string records_digest(FigureBook& figures, std::size_t series,
                           const std::vector<mappings::Period>& periods);

/// Of each stream.
using Lacks = std::map<const StreamPlan*, FileLacks>;

/// A baseline that an earlier version froze of nothing, and that is open again or frozen anew.
struct Thaw {
    std::string measure;
    std::string text;  ///< a sentence for who runs the program
};

/// Freezes the baselines whose window has settled and whose streams have been read to their end since,
/// without a gap, and brought records for it: see nothing_behind(). Those that were frozen of nothing thaw.
std::vector<Thaw> freeze_baselines(Portfolio& portfolio, Store& store, FigureBook& figures, Instant now);

/// Why a measure's baseline is not frozen.
mappings::Reason why_open(const MeasurePlan& plan, const Portfolio& portfolio, Store& store,
                          const Lacks& lacks, FigureBook& figures, Instant now);

}  // namespace baselined::daemon
